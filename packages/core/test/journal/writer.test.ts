import { storeSamples } from '@slipway/provider-testkit';
import { expect, it, onTestFinished } from 'vitest';
import { SlipwayError } from '../../src/errors.ts';
import type { JournalEvent, NewEvent } from '../../src/journal/event.ts';
import type { Journal, JournalEntry } from '../../src/journal/journal.ts';
import { createRedactor } from '../../src/journal/redactor.ts';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/journal/store.ts';
import { createJournal } from '../../src/journal/writer.ts';
import { KEY, temporaryDirectory } from './places.ts';

const { inputsOf, lockSample, put, remove, samplePlan, sampleRecord, started } = storeSamples;

/** A store that tells how many entries each transaction had, and can be told to fail. */
async function observedStore(): Promise<Store & { groups: number[]; fail?: Error }> {
  const store = await openSqliteStore({ file: `${await temporaryDirectory()}/state.db`, key: KEY });
  onTestFinished(() => store.close());
  const observed: Store & { groups: number[]; fail?: Error } = Object.assign(Object.create(store) as Store, {
    groups: [] as number[],
  });
  for (const name of ['acquireLock', 'events', 'state', 'savePlan', 'close'] as const) {
    Object.assign(observed, { [name]: store[name].bind(store) });
  }
  observed.append = async (environment: string, epoch: number, events: readonly NewEvent[]) => {
    observed.groups.push(events.length);
    if (observed.fail !== undefined) throw observed.fail;
    return store.append(environment, epoch, events);
  };
  return observed;
}

async function openJournal(store: Store, secrets: { name: string; value: string }[] = []): Promise<Journal> {
  const epoch = await lockSample(store, 'dev');
  const state = await store.state('dev');
  return createJournal({
    store,
    environment: 'dev',
    epoch,
    deployment: 'd1',
    state,
    redactor: createRedactor(secrets),
    now: () => Date.UTC(2026, 0, 1),
  });
}

const intent = (step: string): JournalEntry => ({ type: 'step.started', step, data: { attempt: 1, token: step } });
const outcome = (step: string, value: string): JournalEntry => ({
  type: 'step.succeeded',
  step,
  data: { durationMs: 1 },
  changes: [put(step, value)],
});

it('writes what ten handlers report in one turn, and the intents that follow, as one transaction', async () => {
  const store = await observedStore();
  const journal = await openJournal(store);
  const work = async (name: string, hops: number) => {
    await journal.append(intent(name));
    // Handlers come to their end by ways of different length, within one turn.
    for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
    const recorded = journal.append(outcome(name, 'x'));
    await journal.append(intent(`${name}-next`));
    await recorded;
  };
  await Promise.all(Array.from({ length: 10 }, (_, index) => work(`step${index}`, index)));
  expect(store.groups).toEqual([10, 20]);
});

it('bounds a transaction and keeps the order', async () => {
  const store = await observedStore();
  const journal = await openJournal(store);
  const events = await Promise.all(Array.from({ length: 2_500 }, (_, index) => journal.append(intent(`${index}`))));
  expect(events.map((event) => event.step)).toEqual(Array.from({ length: 2_500 }, (_, index) => `${index}`));
  expect(store.groups).toEqual([1000, 1000, 500]);
});

it('shows the world with all that was handed in, before it is durable', async () => {
  const store = await observedStore();
  const epoch = await lockSample(store, 'dev');
  const state = new Map([['resource:old' as const, sampleRecord('old', 1)]]);
  const journal = createJournal({
    store,
    environment: 'dev',
    epoch,
    deployment: 'd1',
    state,
    redactor: createRedactor([]),
  });
  const appended = journal.append(outcome('a', 'x'));
  void journal.append({ type: 'step.succeeded', step: 's', data: { durationMs: 1 }, changes: [remove('old')] });
  expect(inputsOf(journal.state)).toEqual({ 'resource:a': 'x' });
  expect(journal.record('resource:a')).toEqual(sampleRecord('a', 'x'));
  expect(state.size).toBe(1);
  expect(await store.events({ environment: 'dev' })).toEqual([]);
  const event = await appended;
  expect(event).toMatchObject({ environment: 'dev', deployment: 'd1', step: 'a', seq: 1, epoch });
  expect(await store.events({ environment: 'dev', limit: 1 })).toEqual([event]);
});

it('tells listeners of what is durable, in order, until they stop or break', async () => {
  const store = await observedStore();
  const journal = await openJournal(store);
  const heard: JournalEvent[] = [];
  const stop = journal.subscribe((event) => heard.push(event));
  let broken = 0;
  journal.subscribe(() => {
    broken += 1;
    throw new Error('broken listener');
  });
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  void journal.append(intent('a'));
  void journal.append(intent('b'));
  expect(heard).toEqual([]);
  await journal.flush();
  expect(heard).toEqual(await store.events({ environment: 'dev' }));
  expect(heard.map((event) => event.step)).toEqual(['a', 'b']);
  expect((await warned).message).toContain('broken listener');
  stop();
  await journal.append(intent('c'));
  expect(heard).toHaveLength(2);
  expect(broken).toBe(1);
});

it('stays failed after one failure', async () => {
  const store = await observedStore();
  const journal = await openJournal(store);
  await journal.append(intent('a'));
  store.fail = new Error('no space');
  const first = journal.append(intent('b'));
  const second = journal.append(intent('c'));
  await expect(first).rejects.toMatchObject({ code: 'journal-unavailable', subject: 'dev' });
  const error = await first.catch((reason: unknown) => reason);
  await expect(second).rejects.toBe(error);
  delete store.fail;
  await expect(journal.append(intent('d'))).rejects.toBe(error);
  await expect(journal.flush()).rejects.toBe(error);
  expect((await store.events({ environment: 'dev' })).map((event) => event.step)).toEqual(['a']);
});

it('passes on that another run took over', async () => {
  const store = await observedStore();
  const journal = await openJournal(store);
  await store.acquireLock('dev', storeSamples.sampleHolder('other'), 60_000, { replacing: journal.epoch });
  const error = await journal.append(intent('a')).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SlipwayError);
  expect(error).toMatchObject({ code: 'fenced' });
});

it('writes no secret, and leaves alone what the journal is found by', async () => {
  const store = await observedStore();
  const journal = await openJournal(store, [
    { name: 'PASSWORD', value: 'resource' },
    { name: 'TOKEN', value: 'step' },
    { name: 'DB', value: 'postgres://x:y@z' },
  ]);
  const plan = samplePlan('dev');
  await store.savePlan(plan);
  await journal.append(started('d1', plan));
  const record = { ...sampleRecord('resource', 'postgres://x:y@z'), outputs: { url: 'postgres://x:y@z/db' } };
  await journal.append({
    type: 'step.succeeded',
    step: 'resource:resource/create',
    data: { durationMs: 1, detail: { lines: ['connected to postgres://x:y@z'] } },
    changes: [{ put: record }],
  });
  await journal.append({
    type: 'step.failed',
    step: 'step',
    data: {
      attempt: 1,
      durationMs: 1,
      final: true,
      error: { code: 'step', message: 'no postgres://x:y@z', subject: 'resource:resource', hint: 'step' },
    },
  });
  const [, succeeded, failed] = await store.events({ environment: 'dev' });
  expect(JSON.stringify([succeeded, failed])).not.toContain('postgres://');
  expect(succeeded).toMatchObject({ type: 'step.succeeded', step: 'resource:resource/create' });
  expect(succeeded?.data).toEqual({ durationMs: 1, detail: { lines: ['connected to ${secret:DB}'] } });
  expect(failed?.data).toMatchObject({
    error: { code: 'step', message: 'no ${secret:DB}', subject: 'resource:resource', hint: '${secret:TOKEN}' },
  });
  const state = await store.state('dev');
  expect(state.get('resource:resource')).toMatchObject({
    kind: 'resource',
    address: 'resource:resource',
    properties: { input: '${secret:DB}' },
    outputs: { url: '${secret:DB}/db' },
  });
  expect(journal.state).toEqual(state);
});
