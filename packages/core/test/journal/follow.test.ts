import { join } from 'node:path';
import { storeSamples } from '@slipway/provider-testkit';
import { expect, it, onTestFinished } from 'vitest';
import { followEvents } from '../../src/journal/follow.ts';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';
import { closed, spawnChild } from './children/spawn.ts';
import { KEY, temporaryDirectory } from './places.ts';

const { lockSample, put, stateChanged } = storeSamples;

it('gives what is there, then what another process writes, until it is stopped', async () => {
  const file = join(await temporaryDirectory(), 'state.db');
  const store = await openSqliteStore({ file, key: KEY });
  onTestFinished(() => store.close());
  const child = spawnChild('append-forever.ts', file);
  const stop = new AbortController();
  const seqs: number[] = [];
  for await (const event of followEvents(store, { environment: 'dev', after: 2 }, stop.signal)) {
    seqs.push(event.seq);
    if (seqs.length === 200) child.kill('SIGKILL');
    if (seqs.length === 200) stop.abort();
  }
  await closed(child);
  expect(seqs).toEqual(Array.from({ length: 200 }, (_, index) => index + 3));
});

it('follows several environments, each in order, and begins with those that come later', async () => {
  const file = join(await temporaryDirectory(), 'state.db');
  const store = await openSqliteStore({ file, key: KEY });
  onTestFinished(() => store.close());
  await store.append('dev', await lockSample(store, 'dev'), [stateChanged(put('a', 1)), stateChanged()]);
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const event of followEvents(store, {}, stop.signal)) {
    seen.push(`${event.environment}${event.seq}`);
    if (seen.length === 2) await store.append('prod', await lockSample(store, 'prod'), [stateChanged()]);
    if (seen.length === 3) stop.abort();
  }
  expect(seen).toEqual(['dev1', 'dev2', 'prod1']);
});

it('ends at once when it is stopped while nothing happens', async () => {
  const store = await openSqliteStore({ file: join(await temporaryDirectory(), 'state.db'), key: KEY });
  onTestFinished(() => store.close());
  const stop = new AbortController();
  const following = followEvents(store, { environment: 'dev' }, stop.signal).next();
  stop.abort();
  expect(await following).toEqual({ done: true, value: undefined });
});
