import { setTimeout as sleepFor } from 'node:timers/promises';
import { ManualClock, rest } from '@slipway/provider-testkit';
import { describe, expect, it } from 'vitest';
import { ABORT_GRACE_MS } from '../../src/execute/attempt.ts';
import { realClock } from '../../src/execute/clock.ts';
import { execute } from '../../src/execute/executor.ts';
import type { StepContext } from '../../src/execute/handler.ts';
import { makersOf, never, Outside, optionsFor, step } from './outside.ts';

/** Waits until it is told to stop, then throws the reason. */
function untilAborted(context: StepContext): Promise<never> {
  return new Promise((_, reject) => {
    context.signal.addEventListener('abort', () => reject(context.signal.reason));
  });
}

describe('execute: timeouts', () => {
  it('aborts an attempt whose time is over, in real time', async () => {
    const result = await execute(
      optionsFor([step('a', [], { timeoutMs: 20 })], new Outside(), {
        clock: realClock,
        behaviour: { run: async (_, context) => sleepFor(30_000, { changes: [] }, { signal: context.signal }) },
      }),
    );
    expect(result.failures).toEqual([
      {
        step: 'a',
        error: {
          code: 'step-timeout',
          subject: 'a',
          message: '"a" took longer than its timeout of 20 ms.',
          hint: expect.stringContaining('`timeout`'),
        },
      },
    ]);
  });

  it('bounds each attempt by itself', async () => {
    const clock = new ManualClock();
    const options = optionsFor([step('a', [], { timeoutMs: 1_000, retries: 2 })], new Outside(), {
      clock,
      random: () => 0,
      behaviour: { run: (_, context) => untilAborted(context) },
    });
    const result = await clock.until(execute(options));
    expect(clock.now()).toBe(3_000);
    expect(result.failures).toMatchObject([{ step: 'a', error: { code: 'step-timeout' } }]);
    expect(options.journal.typesOf('a').filter((type) => type === 'step.started')).toHaveLength(3);
  });

  it('abandons a handler that ignores the abort, and never calls it again while it may be at work', async () => {
    const clock = new ManualClock();
    let runs = 0;
    let late: StepContext | undefined;
    const options = optionsFor([step('a', [], { timeoutMs: 1_000, retries: 5 }), step('b')], new Outside(), {
      clock,
      plan: { onFailure: 'continue' },
      behaviour: {
        run(one, context) {
          if (one.id === 'b') return Promise.resolve({ changes: [] });
          runs++;
          late = context;
          return never;
        },
      },
    });
    const result = await clock.until(execute(options));
    expect(clock.now()).toBe(1_000 + ABORT_GRACE_MS);
    expect(runs).toBe(1);
    expect(late?.signal.aborted).toBe(true);
    expect(Object.fromEntries(result.steps)).toEqual({ a: 'unknown', b: 'succeeded' });
    expect(result.unknown).toEqual([{ step: 'a', look: expect.stringContaining('may still come') }]);
    await expect(late?.note({ late: true })).rejects.toMatchObject({ code: 'step-ended' });
    expect(options.journal.typesOf('a')).toEqual(['step.started', 'step.unknown']);
  });

  it('counts it as done when the abandoned handler had its effect', async () => {
    const clock = new ManualClock();
    const world = new Outside();
    const result = await clock.until(
      execute(
        optionsFor([step('a', [], { timeoutMs: 1_000 })], world, {
          clock,
          behaviour: {
            run(_, context) {
              world.make(context.token);
              return never;
            },
          },
        }),
      ),
    );
    expect(result.status).toBe('completed');
  });

  it('bounds looking, too', async () => {
    const clock = new ManualClock();
    const options = optionsFor([step('a')], new Outside(), {
      clock,
      behaviour: { run: () => Promise.reject(new Error('broken pipe')), settle: () => never },
    });
    const result = await clock.until(execute(options));
    expect(result.steps.get('a')).toBe('unknown');
    expect(result.unknown).toMatchObject([{ look: expect.stringContaining('resource:a') }]);
  });

  it('ends a deployment whose time is over: nothing new starts, what runs is aborted and settled', async () => {
    const clock = new ManualClock();
    const world = new Outside();
    const make = makersOf(world);
    const steps = [step('quick'), step('made', ['quick']), step('unmade', ['quick']), step('later', ['made'])];
    const options = optionsFor(steps, world, {
      clock,
      plan: { timeoutMs: 10_000 },
      behaviour: {
        async run(one, context) {
          if (one.id === 'quick') return make.run(one, context);
          if (one.id === 'made') await make.run(one, context);
          return untilAborted(context);
        },
      },
    });
    const result = await clock.until(execute(options));
    expect(clock.now()).toBe(10_000);
    expect(result.status).toBe('timed_out');
    expect(Object.fromEntries(result.steps)).toEqual({
      quick: 'succeeded',
      made: 'succeeded',
      unmade: 'cancelled',
      later: 'pending',
    });
    expect(options.journal.typesOf('unmade')).toEqual(['step.started', 'step.cancelled']);
    await rest();
    expect(world.begun).not.toContain('later');
  });

  it('says completed when everything was done in time', async () => {
    const clock = new ManualClock();
    const result = await clock.until(
      execute(optionsFor([step('a')], new Outside(), { clock, plan: { timeoutMs: 10_000 } })),
    );
    expect(result.status).toBe('completed');
    await expect(clock.until(never)).rejects.toThrow('Nothing is left');
  });
});
