import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { GIVES_UP_AFTER_MS, RevisionCounter } from '../../src/router/revision-counter.ts';
import { until } from '../until.ts';
import { call, startBackend, startRouter } from './parts.ts';

const countOf = (histogram: { counts: number[] } | undefined) =>
  histogram?.counts.reduce((sum, count) => sum + count, 0);

/** A backend that takes every request and answers none, behind a router. */
async function routeToSilence() {
  const { backend } = await startBackend((incoming) => void incoming.resume());
  const router = startRouter();
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  return { port, router, look: () => router.traffic('s').a };
}

test('a request that hangs is no request yet, and an error when its user gives up, with the time waited', async () => {
  const { port, look } = await routeToSilence();
  const waiting = Array.from({ length: 3 }, () => request({ host: '127.0.0.1', port, agent: false }).end());
  for (const each of waiting) each.on('error', () => {});
  await until(() => look()?.waiting === 3);
  expect(look()).toMatchObject({ requests: 0, errors: 0, open: 3 });
  await sleep(GIVES_UP_AFTER_MS + 50);
  for (const each of waiting) each.destroy();
  await until(() => look()?.open === 0);
  expect(look()).toMatchObject({ requests: 3, errors: 3, waiting: 0 });
  expect(look()?.latency.p50).toBeGreaterThanOrEqual(GIVES_UP_AFTER_MS);
  expect(countOf(look()?.histogram)).toBe(3);
});

test('one who leaves while still sending tells nothing of the server, however long it took', async () => {
  const { port, look } = await routeToSilence();
  const uploading = request({ host: '127.0.0.1', port, method: 'POST', agent: false });
  uploading.on('error', () => {});
  uploading.write('some of it');
  await until(() => look()?.waiting === 1);
  await sleep(GIVES_UP_AFTER_MS + 50);
  uploading.destroy();
  await until(() => look()?.open === 0);
  expect(look()).toMatchObject({ requests: 0, errors: 0, waiting: 0 });
  expect(countOf(look()?.histogram)).toBe(0);
});

test('an answer counts when it begins, as an error at once, and one that breaks off once', async () => {
  let finish = () => {};
  const { backend } = await startBackend((incoming, response) => {
    response.writeHead(incoming.url === '/ill' ? 500 : 200, { 'Content-Length': 100 }).write('begun');
    finish = () => void incoming.socket.destroy();
  });
  const router = startRouter();
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  for (const [path, errorsAtFirst, errors] of [
    ['/well', 0, 1],
    ['/ill', 2, 2],
  ] as const) {
    const broken = call(port, { path }).catch(({ code }: NodeJS.ErrnoException) => code);
    await until(() => router.traffic('s').a?.requests === errors);
    expect(router.traffic('s').a).toMatchObject({ errors: errorsAtFirst, waiting: 0, open: 1 });
    finish();
    expect(await broken).toBe('ECONNRESET');
    await until(() => router.traffic('s').a?.open === 0);
    expect(router.traffic('s').a).toMatchObject({ requests: errors, errors });
  }
});

test('who leaves early is no request, whoever has waited half a second has given up', () => {
  const counter = new RevisionCounter();
  for (const waited of [5, 499, 500, 2_000]) {
    counter.enter(0);
    counter.unanswered(waited);
    counter.leave(0);
  }
  expect(counter.traffic()).toMatchObject({ requests: 2, errors: 2, open: 0, waiting: 0 });
  expect(countOf(counter.traffic().histogram)).toBe(2);
});
