import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExecuteOptions, ExecutionResult } from '../../src/execute/execution.ts';
import { execute } from '../../src/execute/executor.ts';
import { anyDag } from '../graph/dag.ts';
import { MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
import { type Behaviour, makersOf, Outside, optionsFor, step } from './outside.ts';

/** Runs until the end, or until the process dies; then nothing of it goes on. */
async function runUntilDeath(
  options: ExecuteOptions & { journal: MemoryJournal },
): Promise<ExecutionResult | undefined> {
  const kill = new AbortController();
  const run = execute({ ...options, kill: kill.signal });
  const result = await Promise.race([run, options.journal.died]);
  kill.abort();
  await run;
  return result ?? undefined;
}

const death: fc.Arbitrary<MemoryJournalOptions> = fc.record({
  dieAt: fc.integer({ min: 1, max: 30 }),
  lastWriteSurvives: fc.boolean(),
});

describe('execute: after a crash', () => {
  it('ends with everything done and nothing done twice, wherever and however often the process dies', async () => {
    await fc.assert(
      fc.asyncProperty(anyDag(12), fc.array(death, { minLength: 1, maxLength: 6 }), async (dag, deaths) => {
        const world = new Outside();
        const steps = dag.ids.map((id) => step(id, dag.needs.get(id)!));
        let durable: MemoryJournal['durable'] = [];
        for (const options of [...deaths, {}]) {
          const journal = new MemoryJournal({ ...options, durable });
          const plan = { limits: { overall: 3, providers: {}, types: {} } };
          const result = await runUntilDeath(optionsFor(steps, world, { journal, plan }));
          durable = journal.durable;
          if (result) expect(result.status).toBe('completed');
          // Whatever exists outside has an intent that says so.
          for (const id of world.begun) expect(journal.typesOf(id)).toContain('step.started');
        }
        expect([...world.made.values()]).toEqual(dag.ids.map(() => 1));
        for (const { id } of steps)
          expect(durable.filter((e) => e.step === id && e.type === 'step.succeeded')).toHaveLength(1);
      }),
      { numRuns: 150 },
    );
  });

  it('dies at every single write of a small plan', async () => {
    const steps = [step('a'), step('b'), step('c', ['a', 'b']), step('d', ['c'])];
    for (let dieAt = 1; dieAt <= 8; dieAt++) {
      for (const lastWriteSurvives of [true, false]) {
        const world = new Outside();
        const first = new MemoryJournal({ dieAt, lastWriteSurvives });
        await runUntilDeath(optionsFor(steps, world, { journal: first }));
        expect(first.isDead).toBe(true);
        const journal = new MemoryJournal({ durable: first.durable });
        expect(await runUntilDeath(optionsFor(steps, world, { journal }))).toMatchObject({ status: 'completed' });
        expect([...world.made.values()]).toEqual([1, 1, 1, 1]);
      }
    }
  });

  it('settles what is in doubt before anything runs', async () => {
    const world = new Outside();
    const make = makersOf(world);
    const order: string[] = [];
    const steps = [step('fresh', [], { estimateMs: 1_000 }), step('doubt', [], { estimateMs: 1 })];
    const journal = await doubtful(['doubt']);
    await execute(
      optionsFor(steps, world, {
        journal,
        behaviour: {
          run(one, context) {
            order.push(`run ${one.id} ${context.attempt}`);
            return make.run(one, context);
          },
          settle(one, context) {
            order.push(`settle ${one.id}`);
            return make.settle(one, context);
          },
        },
      }),
    );
    expect(order).toEqual(['settle doubt', 'run fresh 1', 'run doubt 2']);
    expect(journal.typesOf('doubt')).toEqual(['step.started', 'step.settled', 'step.started', 'step.succeeded']);
  });

  it('settles every doubt even when one of them fails, so that a rollback knows what is there', async () => {
    const world = new Outside();
    world.make('token of b');
    const journal = await doubtful(['a', 'b']);
    const result = await execute(
      optionsFor([step('a'), step('b'), step('c')], world, {
        journal,
        plan: { onFailure: 'rollback', limits: { overall: 1, providers: {}, types: {} } },
        behaviour: blindFor('a', world),
      }),
    );
    expect(Object.fromEntries(result.steps)).toEqual({ a: 'unknown', b: 'succeeded', c: 'pending' });
    expect(result.status).toBe('failed');
  });

  it('settles alone when asked to, and starts nothing', async () => {
    const world = new Outside();
    world.make('token of a');
    const steps = [step('a'), step('b'), step('c', ['a'])];
    const journal = await doubtful(['a', 'b']);
    const result = await execute(optionsFor(steps, world, { journal, settleOnly: true }));
    expect(result.status).toBe('completed');
    expect(Object.fromEntries(result.steps)).toEqual({ a: 'succeeded', b: 'pending', c: 'pending' });
    expect(world.begun).toEqual([]);
  });

  it('hands over the notes from before', async () => {
    const journal = await doubtful(['a']);
    await journal.append({ type: 'step.noted', step: 'a', data: { note: { level: '7' } } });
    const seen: unknown[] = [];
    await execute(
      optionsFor([step('a')], new Outside(), {
        journal,
        behaviour: {
          async settle(_, context) {
            seen.push(...context.notes);
            return { as: 'not-done', how: 'level is 7' };
          },
          async run(_, context) {
            seen.push(...context.notes);
            return { changes: [] };
          },
        },
      }),
    );
    expect(seen).toEqual([{ level: '7' }, { level: '7' }]);
  });

  it('runs again what failed, was skipped or cancelled in an earlier run, counting attempts on', async () => {
    const world = new Outside();
    const make = makersOf(world);
    const steps = [step('bad'), step('after', ['bad']), step('fine')];
    const first = optionsFor(steps, world, {
      plan: { onFailure: 'continue' },
      behaviour: {
        async run(one, context) {
          if (one.id === 'bad') throw new Error('bad');
          return make.run(one, context);
        },
      },
    });
    expect((await execute(first)).status).toBe('failed');
    const journal = new MemoryJournal({ durable: first.journal.durable });
    expect((await execute(optionsFor(steps, world, { journal }))).status).toBe('completed');
    expect(world.begun).toEqual(['fine', 'bad', 'after']);
    const started = journal.durable.filter((event) => event.type === 'step.started' && event.step === 'bad');
    expect(started.map((event) => event.data)).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
  });
});

describe('execute: what nobody can tell', () => {
  it('stops as unknown when there is no way to look, and never repeats the effect', async () => {
    const world = new Outside();
    const steps = [step('a'), step('b', ['a'])];
    const first = new MemoryJournal({ dieAt: 2 });
    await runUntilDeath(optionsFor(steps, world, { journal: first }));
    expect([...world.made.values()]).toEqual([1]);
    let { durable } = first;
    for (let resume = 0; resume < 2; resume++) {
      const journal = new MemoryJournal({ durable });
      const result = await execute(optionsFor(steps, world, { journal, behaviour: blindFor('a', world) }));
      expect(result).toMatchObject({ status: 'failed', unknown: [{ step: 'a', look: 'Look for a.' }] });
      expect(Object.fromEntries(result.steps)).toEqual({ a: 'unknown', b: 'pending' });
      durable = journal.durable;
    }
    expect([...world.made.values()]).toEqual([1]);
  });

  it('takes a person at their word: done counts, redo runs again', async () => {
    const world = new Outside();
    const journal = await doubtful(['happened', 'did not'], 'step.unknown');
    const steps = [step('happened'), step('did not'), step('then', ['happened', 'did not'])];
    const result = await execute(
      optionsFor(steps, world, {
        journal,
        settle: { done: new Set(['happened']), redo: new Set(['did not', 'then']) },
        behaviour: { settle: () => Promise.reject(new Error('nobody should ask')) },
      }),
    );
    expect(result.status).toBe('completed');
    expect(world.begun).toEqual(['did not', 'then']);
    expect(journal.typesOf('happened')).toEqual(['step.started', 'step.unknown', 'step.settled', 'step.succeeded']);
  });

  it('looks again at what existed half, instead of making it a second time', async () => {
    const world = new Outside();
    const journal = await doubtful(['a']);
    await journal.append({ type: 'step.settled', step: 'a', data: { as: 'incomplete', how: 'half' } });
    const error = { code: 'x', message: 'x' };
    await journal.append({ type: 'step.failed', step: 'a', data: { attempt: 1, durationMs: 1, error, final: true } });
    const half: Behaviour = {
      settle: async () => ({ as: 'incomplete', outcome: { changes: [] }, how: 'still half' }),
    };
    const result = await execute(optionsFor([step('a')], world, { journal, behaviour: half }));
    expect(result.failures).toMatchObject([{ step: 'a', error: { code: 'step-incomplete' } }]);
    expect(world.begun).toEqual([]);
    const redo = { redo: new Set(['a']), done: new Set<string>() };
    const again = optionsFor([step('a')], world, { journal, settle: redo, behaviour: half });
    expect((await execute({ ...again, past: [...journal.durable] })).status).toBe('completed');
    expect(world.begun).toEqual(['a']);
  });
});

/** A journal in which these steps were begun, and nothing more is known. */
async function doubtful(ids: string[], then?: 'step.unknown'): Promise<MemoryJournal> {
  const journal = new MemoryJournal();
  for (const id of ids) {
    await journal.append({ type: 'step.started', step: id, data: { attempt: 1, token: `token of ${id}` } });
    if (then) await journal.append({ type: then, step: id, data: { look: `Look for ${id}.` } });
  }
  return journal;
}

/** Whether this step happened can't be found out. */
function blindFor(id: string, world: Outside): Behaviour {
  const make = makersOf(world);
  return {
    settle: async (one, context) =>
      one.id === id ? { as: 'unknown', look: `Look for ${id}.` } : make.settle(one, context),
  };
}
