import { ManualClock, rest } from '@slipway/provider-testkit';
import { describe, expect, it } from 'vitest';
import { execute } from '../../src/execute/executor.ts';
import { MemoryJournal } from './memory-journal.ts';
import { hiccup, makersOf, never, Outside, optionsFor, step } from './outside.ts';

/** A chain a, b, c whose `b` waits to be told to stop; `made` says whether it had its effect by then. */
function chain(world: Outside, signal: AbortSignal, made: boolean) {
  const make = makersOf(world);
  return optionsFor([step('a'), step('b', ['a']), step('c', ['b'])], world, {
    signal,
    behaviour: {
      async run(one, context) {
        if (one.id !== 'b') return make.run(one, context);
        if (made) await make.run(one, context);
        return new Promise((_, reject) => {
          context.signal.addEventListener('abort', () => reject(context.signal.reason));
        });
      },
    },
  });
}

describe('execute: cancel', () => {
  it.each([true, false])(
    'stops cleanly and is resumed to the end, each effect once (done when told: %s)',
    async (made) => {
      const world = new Outside();
      const cancel = new AbortController();
      const options = chain(world, cancel.signal, made);
      const run = execute(options);
      await rest();
      cancel.abort();
      const result = await run;
      expect(result.status).toBe('cancelled');
      expect(Object.fromEntries(result.steps)).toEqual({
        a: 'succeeded',
        b: made ? 'succeeded' : 'cancelled',
        c: 'pending',
      });

      const journal = new MemoryJournal({ durable: options.journal.durable });
      const resumed = await execute(optionsFor(options.plan.steps, world, { journal }));
      expect(resumed.status).toBe('completed');
      expect([...world.made.values()]).toEqual([1, 1, 1]);
      expect(journal.typesOf('a')).toEqual(['step.started', 'step.succeeded']);
    },
  );

  it('starts nothing when it was told before', async () => {
    const world = new Outside();
    const result = await execute(optionsFor([step('a')], world, { signal: AbortSignal.abort() }));
    expect(result.status).toBe('cancelled');
    expect(world.begun).toEqual([]);
  });

  it('does not call a handler whose intent became durable after the cancel', async () => {
    const world = new Outside();
    const cancel = new AbortController();
    const options = optionsFor([step('a')], world, { signal: cancel.signal });
    const run = execute(options);
    cancel.abort();
    expect((await run).steps.get('a')).toBe('cancelled');
    expect(world.begun).toEqual([]);
    expect(options.journal.typesOf('a')).toEqual(['step.started', 'step.cancelled']);
  });

  it('calls off a retry at once', async () => {
    const clock = new ManualClock();
    const cancel = new AbortController();
    const options = optionsFor([step('a', [], { retries: 3 })], new Outside(), {
      clock,
      random: () => 1,
      signal: cancel.signal,
      behaviour: { run: () => Promise.reject(hiccup()) },
    });
    const run = execute(options);
    await rest();
    cancel.abort();
    expect((await run).steps.get('a')).toBe('cancelled');
  });
});

describe('execute: kill', () => {
  it('returns at once and leaves in doubt what ran; a resume settles it', async () => {
    const world = new Outside();
    const make = makersOf(world);
    const kill = new AbortController();
    const options = optionsFor([step('a'), step('b', ['a'])], world, {
      kill: kill.signal,
      behaviour: {
        async run(one, context) {
          await make.run(one, context);
          return never;
        },
      },
    });
    const run = execute(options);
    await rest();
    kill.abort();
    const result = await run;
    expect(result.status).toBe('cancelled');
    expect(Object.fromEntries(result.steps)).toEqual({ a: 'running', b: 'pending' });
    await rest();
    expect(options.journal.typesOf('a')).toEqual(['step.started']);

    const journal = new MemoryJournal({ durable: options.journal.durable });
    expect((await execute(optionsFor(options.plan.steps, world, { journal }))).status).toBe('completed');
    expect(journal.typesOf('a')).toEqual(['step.started', 'step.settled', 'step.succeeded']);
    expect([...world.made.values()]).toEqual([1, 1]);
  });
});

describe('execute: after a kill', () => {
  it('writes nothing about a handler that ends later', async () => {
    const kill = new AbortController();
    let finish = () => {};
    const options = optionsFor([step('a'), step('b', ['a'])], new Outside(), {
      kill: kill.signal,
      behaviour: {
        run: () =>
          new Promise((resolve) => {
            finish = () => resolve({ changes: [] });
          }),
      },
    });
    const run = execute(options);
    await rest();
    kill.abort();
    await run;
    finish();
    await rest();
    expect(options.journal.durable.map((event) => event.type)).toEqual(['step.started']);
  });
});

describe('execute: pause', () => {
  it('starts nothing new until it goes on; what runs finishes', async () => {
    const world = new Outside();
    let paused = false;
    let changed = () => {};
    const control = {
      paused: () => paused,
      onChange(listener: () => void) {
        changed = listener;
        return () => {
          changed = () => {};
        };
      },
    };
    const options = optionsFor([step('a'), step('b', ['a'])], world, { control });
    const run = execute(options);
    paused = true;
    changed();
    await rest();
    expect(world.begun).toEqual(['a']);
    expect(options.journal.typesOf('a')).toEqual(['step.started', 'step.succeeded']);
    paused = false;
    changed();
    expect((await run).status).toBe('completed');
    expect(world.begun).toEqual(['a', 'b']);
  });

  it('can be cancelled while it is paused', async () => {
    const cancel = new AbortController();
    const control = { paused: () => true, onChange: () => () => {} };
    const run = execute(optionsFor([step('a')], new Outside(), { control, signal: cancel.signal }));
    await rest();
    cancel.abort();
    expect((await run).status).toBe('cancelled');
  });
});

describe('execute: a journal that can not be written', () => {
  it('has no effect whose intent it refused, aborts what runs, and says why', async () => {
    for (let refuseFrom = 1; refuseFrom <= 8; refuseFrom++) {
      const world = new Outside();
      const journal = new MemoryJournal({ refuseFrom });
      const steps = ['a', 'b', 'c', 'd'].map((id, at, all) => step(id, at === 0 ? [] : [all[at - 1]!]));
      await expect(execute(optionsFor(steps, world, { journal }))).rejects.toThrow('the disk is full');
      await rest();
      for (const id of world.begun) expect(journal.typesOf(id)).toContain('step.started');
    }
  });

  it('aborts a handler that runs meanwhile', async () => {
    const journal = new MemoryJournal({ refuseFrom: 3 });
    let aborted = false;
    const make = makersOf(new Outside());
    const run = execute(
      optionsFor([step('long'), step('short')], new Outside(), {
        journal,
        behaviour: {
          run(one, context) {
            if (one.id === 'short') return make.run(one, context);
            return new Promise((_, reject) => {
              context.signal.addEventListener('abort', () => {
                aborted = true;
                reject(context.signal.reason);
              });
            });
          },
        },
      }),
    );
    await expect(run).rejects.toThrow('the disk is full');
    expect(aborted).toBe(true);
    expect(journal.typesOf('long')).toEqual(['step.started']);
  });
});
