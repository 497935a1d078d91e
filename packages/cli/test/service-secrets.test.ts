import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Run } from './playground.ts';
import { ServiceProject } from './service-project.ts';

// A service is given secrets and prints them. From outside: nothing of Slipway shows or keeps them.

const TOKEN = 'token-4711+/="x';
const FORMS = [
  TOKEN,
  Buffer.from(TOKEN).toString('base64'),
  encodeURIComponent(TOKEN),
  JSON.stringify(TOKEN).slice(1, -1),
];
const SERVER = `const { TOKEN } = process.env;
console.log('mine: ' + TOKEN + ' ' + Buffer.from(TOKEN).toString('base64'));
require('node:http').createServer((_, answer) => answer.end('ok')).listen(Number(process.env.PORT), '127.0.0.1');
`;

test('a secret that a service prints is neither shown nor kept', async () => {
  await using project = await ServiceProject.open();
  const { play } = project;
  play.write({ 'web/server.js': SERVER });
  project.declare(
    ['link: { type: core:value, input: "https://u:${secret:TOKEN}@host" }'],
    ['env: { TOKEN: "${secret:TOKEN}", LINK: "${resource:link.value}" }', 'tests: { smoke: env }'],
    'dev: { platform: local, tests: smoke }',
  );
  const slipway = (...args: string[]): Run => play.start(args, { TOKEN });
  const outputs = [];
  for (const args of [
    ['deploy', '--yes', '-v'],
    ['logs', 'web'],
    ['status', '--json'],
    ['drift'],
    ['state', 'list', '--json'],
  ]) {
    const ended = await slipway(...args).ended;
    expect(ended.code).toBe(0);
    outputs.push(ended.stdout, ended.stderr);
  }
  expect(outputs.join('\n')).toContain('mine: ');
  expect(await project.answer()).toBe('ok');
  await slipway('destroy', '--yes').ended;

  const kept = everythingUnder(join(play.directory, '.slipway'));
  expect(kept).toContain('mine: ***');
  for (const form of FORMS) {
    expect(outputs.join('\n')).not.toContain(form);
    expect(kept).not.toContain(form);
  }
});

function everythingUnder(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1')).join('\n');
}

test('what is taken down stays whole when a secret that it needs is missing', async () => {
  await using project = await ServiceProject.open();
  const { play } = project;
  project.declare(
    ['pass: { type: local:file, path: pass.txt, content: "${secret:TOKEN}", mode: "0600" }'],
    ['env: { WORD: up }'],
  );
  expect(await play.start(['deploy', '--yes'], { TOKEN }).ended).toMatchObject({ code: 0 });
  const refused = await play.start(['destroy', '--yes'], { TOKEN: '' }).ended;
  expect(refused.stderr).toContain('[secret-missing] The secret TOKEN has no value');
  expect(refused.code).toBe(2);
  expect(await project.answer()).toBe('up');
  expect(await play.start(['destroy', '--yes'], { TOKEN }).ended).toMatchObject({ code: 0 });
  expect(await project.answer()).toBeUndefined();
});
