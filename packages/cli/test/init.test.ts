import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { lookAround } from '../src/init/look-around.ts';
import { Playground } from './playground.ts';

let play: Playground;
beforeEach(() => {
  play = new Playground();
});
afterEach(() => play[Symbol.dispose]());

const json = (content: object) => JSON.stringify(content);
const look = (files: Record<string, string>) => lookAround(play.write(files).directory);

describe('looking around', () => {
  test('a package with start, build and tests', () => {
    const scripts = { start: 'node server.js', build: 'tsc', test: 'vitest', 'test:e2e': 'playwright test' };
    const finding = look({
      'package.json': json({ name: '@acme/web-shop', scripts, dependencies: { fastify: '5' } }),
      'package-lock.json': '{}',
    });
    expect(finding.name).toBe('web-shop');
    expect(finding.services).toEqual({
      'web-shop': {
        path: '.',
        build: 'npm ci && npm run build',
        run: 'npm start',
        port: 3000,
        tests: { e2e: 'npm run test:e2e', full: 'npm test' },
      },
    });
  });

  test('a site that is only built; the placeholder of npm init is no test', () => {
    const scripts = { build: 'vite build', test: 'echo "Error: no test specified" && exit 1' };
    expect(look({ 'package.json': json({ name: 'site', scripts }) }).services).toEqual({
      site: { path: '.', build: 'npm run build', static: 'dist', port: 3000 },
    });
  });

  test('workspaces, each that starts something, with what they share', () => {
    const { services } = look({
      'package.json': json({ name: 'mono', workspaces: ['packages/*'] }),
      'package-lock.json': '{}',
      'packages/api/package.json': json({
        name: '@mono/api',
        scripts: { start: 'x' },
        dependencies: { '@mono/lib': '1' },
      }),
      'packages/lib/package.json': json({ name: '@mono/lib' }),
      'packages/web/package.json': json({ name: '@mono/web', scripts: { start: 'x' } }),
    });
    expect(services).toEqual({
      api: {
        path: 'packages/api',
        build: '(cd ../.. && npm ci -w packages/api)',
        run: 'npm start',
        port: 3000,
        shared: ['package.json', 'package-lock.json', 'packages/lib'],
      },
      web: { path: 'packages/web', run: 'npm start', port: 3001 },
    });
  });

  test('a Dockerfile alone', () => {
    const { services, notes } = look({
      Dockerfile: 'FROM python:3\nEXPOSE 8000\nENTRYPOINT ["python"]\nCMD ["-m", \\\n "http.server"]\n',
    });
    expect(Object.values(services)).toEqual([{ path: '.', run: 'python -m http.server', port: 8000 }]);
    expect(notes[0]).toContain('without its image');
  });

  test('a compose file: what is built becomes a service, what is an image is named', () => {
    const { services, notes } = look({
      'compose.yaml': [
        'services:',
        '  api: { build: ./api, ports: ["127.0.0.1:8080:3000"], depends_on: [db] }',
        '  web: { build: { context: web }, ports: [{ published: 8081, target: 80 }], depends_on: { api: {} } }',
        '  db: { image: postgres:15 }',
        '  outside: { build: ../elsewhere }',
      ].join('\n'),
      'api/package.json': json({ name: 'x', scripts: { start: 'node .' } }),
      'web/Dockerfile': 'FROM node\nCMD node web.js\n',
    });
    expect(services).toEqual({
      api: { path: 'api', run: 'npm start', port: 8080 },
      web: { path: 'web', run: 'node web.js', port: 8081, dependsOn: ['api'] },
    });
    expect(notes.join('\n')).toMatch(/db of compose.yaml is the image postgres:15/);
    expect(notes.join('\n')).toMatch(/outside of compose.yaml is built outside/);
  });

  test.each([
    ['package.json', 'not json'],
    ['package.json', '[]'],
    ['package.json', '{"scripts": null, "workspaces": 7}'],
    ['compose.yaml', 'services: [1, 2'],
    ['compose.yaml', '7'],
    ['docker-compose.yml', 'services: { a: null, b: 7 }'],
  ])('a broken %s (%s) is passed over', (name, content) => {
    expect(() => look({ [name]: content })).not.toThrow();
  });
});

describe('slipway init', () => {
  test('writes a config that validates, in YAML where slipway is not installed', async () => {
    play.write({ 'package.json': json({ name: 'web', scripts: { start: 'node server.js' } }), '.gitignore': 'dist/' });
    const { code, stdout, stderr } = await play.slipway('init');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('Wrote slipway.yaml');
    const config: unknown = parse(readFileSync(join(play.directory, 'slipway.yaml'), 'utf8'));
    expect(config).toMatchObject({ name: 'web', services: { web: { run: 'npm start', port: 3000 } } });
    expect(readFileSync(join(play.directory, '.gitignore'), 'utf8')).toBe('dist/\n.slipway/\n');
    expect((await play.slipway('validate')).code).toBe(0);
  });

  test('refuses to overwrite', async () => {
    play.write({ 'slipway.yml': 'name: mine\n' });
    const { code, stderr } = await play.slipway('init');
    expect(stderr).toContain('There is a config already: slipway.yml');
    expect(code).toBe(5);
    expect(readFileSync(join(play.directory, 'slipway.yml'), 'utf8')).toBe('name: mine\n');
  });

  test('in an empty folder writes a config that can be deployed', async () => {
    expect((await play.slipway('init')).code).toBe(0);
    const { code, stdout } = await play.slipway('deploy', '--yes');
    expect(stdout).toContain('✔ Deployment');
    expect(code).toBe(0);
    expect(readFileSync(join(play.directory, 'hello.txt'), 'utf8')).toBe('Hello from Slipway.\n');
  });
});
