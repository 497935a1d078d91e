import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Load, load } from '../load/wrk.ts';
import { requirePart } from '../require.ts';
import { Project } from './project.ts';

const WANTED = 200_000;
/** A machine that can't serve this many in that time proves nothing. */
const AT_MOST_ROUNDS = 60;

let project: Project;
beforeAll(async () => {
  project = await Project.make();
  await project.deploy('v0');
});
afterAll(async () => {
  await project.remove();
});

test.skipIf(!requirePart('wrk'))(
  '200,000 requests through five blue-green deployments and a rollback: none fails',
  { timeout: 900_000 },
  async () => {
    const total: Load = { requests: 0, badStatus: 0, socketErrors: 0 };
    let changing = true;
    const loading = (async () => {
      for (let round = 0; round < AT_MOST_ROUNDS && (changing || total.requests < WANTED); round++) {
        for (const counted of await Promise.all([load(project.url, 5, 'kept'), load(project.url, 5, 'new')])) {
          total.requests += counted.requests;
          total.badStatus += counted.badStatus;
          total.socketErrors += counted.socketErrors;
        }
      }
    })();
    const seen: string[] = [];
    try {
      for (const version of ['v1', 'v2', 'v3', 'v4', 'v5']) {
        await project.deploy(version);
        seen.push(await project.version());
        await sleep(500);
      }
      await project.slipway('rollback', '-y');
      seen.push(await project.version());
    } finally {
      changing = false;
      await loading;
    }
    expect(seen).toEqual(['v1', 'v2', 'v3', 'v4', 'v5', 'v4']);
    expect(total).toMatchObject({ badStatus: 0, socketErrors: 0 });
    expect(total.requests).toBeGreaterThanOrEqual(WANTED);
  },
);

test('a WebSocket and a request of five seconds survive the switch', { timeout: 60_000 }, async () => {
  const before = await project.version();
  const socket = new WebSocket(project.url.replace('http', 'ws'));
  await new Promise((resolve) => socket.once('open', resolve));
  const slow = fetch(`${project.url}/slow`).then((response) => response.text());
  await sleep(200);
  await project.deploy('after-the-switch');
  expect(await project.version()).toBe('after-the-switch');
  expect(await slow).toBe(before);
  const echoed = new Promise((resolve) => socket.once('message', (message) => resolve(String(message as Buffer))));
  socket.send('still there?');
  expect(await echoed).toBe(`${before} still there?`);
  socket.close();
});
