import type { ServiceSpec } from '@slipway/core/provider';
import { sampleSpec } from '@slipway/provider-testkit';
import { expect, test } from 'vitest';
import { dockerPlatform } from '../src/docker-platform.ts';

const plain = { ...sampleSpec('image', 4000, {}), path: 'services/web' };
function objections(change: Partial<ServiceSpec>, files: string[] | undefined): string[] {
  const { dockerfile: _, ...rest } = plain;
  const where = { environment: 'live', options: { use: 'docker', host: 'unix:///run/docker.sock' } };
  return dockerPlatform.objections!(
    { name: 'web', spec: { ...rest, ...change } },
    {
      ...where,
      ...(files ? { files: new Set(files) } : {}),
    },
  ).map(({ what, hint }) => `${what} ${hint}`);
}

test('a Dockerfile that is not among the files of the release is told before, with its place', () => {
  const [told, ...more] = objections({ run: 'node server.js' }, ['services/web/server.js', 'Dockerfile']);
  expect(more).toEqual([]);
  expect(told).toContain('no services/web/Dockerfile');
  expect(told).toContain('services.web.dockerfile');
  const [named] = objections({ dockerfile: 'build/Dockerfile' }, ['services/web/Dockerfile']);
  expect(named).toContain('no services/web/build/Dockerfile');
  expect(named).toContain('correct services.web.dockerfile');
});

test.each<[string, Partial<ServiceSpec>, string[] | undefined]>([
  ['it is there', { dockerfile: 'Dockerfile' }, ['services/web/Dockerfile']],
  ['it is at the top', { path: '.', run: 'x' }, ['Dockerfile']],
  ['a build may write it', { dockerfile: 'Dockerfile', build: 'make' }, ['services/web/Makefile']],
  ['an image is given', { path: '', image: 'nginx' }, []],
  ['the release is another environment’s', { dockerfile: 'Dockerfile' }, undefined],
])('nothing is said where %s', (_, change, files) => {
  expect(objections(change, files)).toEqual([]);
});
