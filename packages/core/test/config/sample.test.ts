import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { validateProject } from '../../src/config/load-project.ts';
import { load } from './load.ts';
import { projectFolder } from './project-folder.ts';
import { configRegistry } from './registry.ts';

const sample = await readFile(join(import.meta.dirname, 'sample.yaml'), 'utf8');
const organisation = `
services:
  backend: { stopGrace: 20s, tags: { owner: shop } }
automaticTags: [built-at]
`;
const files = { 'slipway.yaml': sample, 'organisation.yaml': organisation };

describe('the sample config', () => {
  test('has no problem in any environment', async () => {
    await using folder = await projectFolder(files);
    const checked = await validateProject({ directory: folder.directory, registry: configRegistry(), variables: {} });
    expect(checked).toEqual({ problems: [], environments: ['dev', 'staging', 'production'] });
  });

  test('gives a production project with what this version can not honour named', async () => {
    const project = await load(files, { environment: 'production' });
    expect(project.environment).toEqual({
      name: 'production',
      platform: { use: 'kubernetes', context: 'prod', namespace: 'shop' },
      metricSources: {},
      onFailure: 'stop',
      protected: false,
      tests: 'smoke',
      limits: { overall: 10, providers: {}, types: {} },
      variables: { LOG_LEVEL: 'warn' },
      promoteFrom: 'staging',
      unsupported: ['approvals', 'windows', 'compliance'],
    });
    expect(project).toMatchObject({ name: 'shop', directory: '/project', file: '/project/slipway.yaml' });
    expect(project.automaticTags).toEqual(['built-at']);
    expect(project.secretFiles).toEqual([]);
  });

  test('keeps what a router and a policy are called', async () => {
    const { environment } = await load(files, { environment: 'staging' });
    expect(environment).toMatchObject({
      platform: { use: 'docker' },
      router: { use: 'haproxy' },
      onFailure: 'rollback',
    });
  });

  test('declares its resource with properties apart from what Slipway understands', async () => {
    const { resources } = await load(files, { environment: 'dev' });
    expect(resources).toEqual([
      {
        address: 'resource:session-key',
        name: 'session-key',
        type: 'local:command',
        properties: {
          create: './scripts/make-key.sh',
          find: './scripts/find-key.sh',
          delete: './scripts/drop-key.sh',
        },
        dependsOn: [],
        tags: { team: 'platform' },
        protect: false,
        replace: 'delete-before-create',
      },
    ]);
  });

  test('declares its services with every default filled in', async () => {
    const [backend, admin, marketing] = (await load(files, { environment: 'production' })).services;
    expect(backend).toMatchObject({
      address: 'service:backend',
      dependsOn: ['resource:session-key'],
      tags: { owner: 'shop' },
      spec: {
        path: 'services/backend',
        port: 4000,
        // The reference is resolved when the service runs, not before.
        env: { LOG_LEVEL: 'warn', SESSION_KEY: '${resource:session-key.path}' },
        health: {
          http: '/healthz',
          intervalMs: 1000,
          timeoutMs: 2000,
          healthyAfter: 2,
          unhealthyAfter: 3,
          deadlineMs: 60_000,
        },
        migrations: { up: 'npm run migrate', down: 'npm run migrate:down', forwardOnly: false },
        stopGraceMs: 20_000,
        strategy: {
          kind: 'canary',
          steps: [
            { weight: 10, holdMs: 60_000, pause: false },
            { weight: 50, holdMs: 120_000, pause: false },
          ],
          analysis: {
            metrics: [
              {
                name: 'error-rate',
                source: 'router',
                query: 'errorRate',
                fail: { above: 0.05 },
                pass: { below: 0.01 },
              },
              { name: 'p95', query: 'latencyP95', compareWith: 'stable', maxIncrease: 1.25, critical: true },
            ],
            minimumSamples: 100,
            onInconclusive: { kind: 'pause' },
          },
          background: true,
          baseline: false,
          keepOld: true,
        },
      },
    });
    expect(admin?.spec.strategy).toEqual({
      kind: 'blue-green',
      drainMs: 30_000,
      keepOld: true,
      validationMs: 0,
      switch: 'automatic',
      bakeMs: 0,
    });
    expect(marketing?.spec).toMatchObject({
      static: 'dist',
      health: { http: '/' },
      strategy: { kind: 'rolling', batch: { count: 1 }, maxSurge: { count: 1 }, maxUnavailable: { count: 0 } },
    });
    expect(marketing?.spec.run).toBeUndefined();
  });
});
