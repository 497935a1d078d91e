import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServiceProject } from './service-project.ts';

// Without a terminal nobody is waited for: a rollout that waits for a person is left as it stands, and says so.

const FAILING = `const http = require('node:http');
const server = http.createServer((request, answer) => {
  answer.statusCode = request.url === '/healthz' || process.env.WORD !== 'bad' ? 200 : 500;
  answer.end(String(process.env.WORD));
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;
const ANALYSIS =
  'analysis: { interval: 500ms, minimumSamples: 5, metrics: [{ name: errors, query: errorRate, failAbove: 0.1 }] }';

let project: ServiceProject;
const declare = (word: string, steps: string, more = '') =>
  project.declare(
    [],
    [
      `env: { WORD: ${word} }`,
      'health: { http: /healthz, interval: 50ms, timeout: 2s, healthyAfter: 1, deadline: 30s }',
      `strategy: { canary: { drain: 1s, steps: [${steps}] ${more} } }`,
    ],
    'dev: { platform: local, onFailure: rollback }',
  );

beforeEach(async () => {
  project = await ServiceProject.open();
  project.play.write({ 'web/server.js': FAILING });
});
afterEach(() => project[Symbol.asyncDispose](), 60_000);

async function oldRuns(): Promise<void> {
  declare('old', '{ weight: 50, hold: 1s }');
  expect((await project.play.slipway('deploy', '--yes')).code).toBe(0);
}

async function shares(): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let request = 0; request < 40; request++) {
    const word = (await project.answer()) ?? 'nobody';
    seen[word] = (seen[word] ?? 0) + 1;
  }
  return seen;
}

test('nobody watches it: bad as it is, it keeps its share until somebody takes it up, and is judged then', async () => {
  await oldRuns();
  declare('bad', '{ weight: 50, pause: true, analysis: false }, { weight: 60, hold: 10m }', `, ${ANALYSIS}`);
  const left = await project.play.slipway('deploy', '--yes');
  expect(left.code).toBe(4);
  expect(left.stdout).toContain('No process runs it now: traffic stays as it is, nothing is measured');
  expect(await shares()).toEqual({ old: 20, bad: 20 });
  await sleep(1_500);
  expect(await shares()).toEqual({ old: 20, bad: 20 });
  expect((await project.play.slipway('status')).stdout).toContain('no process runs it');
  const run = project.play.start(['continue']);
  let going = true;
  void run.ended.then(() => {
    going = false;
  });
  while (going) await shares();
  expect(await run.ended).toMatchObject({ code: 3, stdout: expect.stringContaining('errors: ') });
  expect(await shares()).toEqual({ old: 40 });
});

test('with --wait, who takes it up waits for the next word too', async () => {
  await oldRuns();
  declare('new', '{ weight: 50, pause: true }, { weight: 75, pause: true }, { weight: 80, pause: true }');
  expect((await project.play.slipway('deploy', '--yes')).code).toBe(4);
  expect((await project.play.slipway('continue')).code).toBe(4);
  expect(await shares()).toEqual({ old: 10, new: 30 });
  const run = project.play.start(['continue', '--wait']);
  await run.printed(/waiting: .*pause-80/);
  expect((await project.play.slipway('continue')).code).toBe(0);
  expect((await run.ended).code).toBe(0);
  expect(await shares()).toEqual({ new: 40 });
});
