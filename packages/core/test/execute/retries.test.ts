import { ManualClock } from '@slipway/provider-testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACK_OFF_BASE_MS, BACK_OFF_CAP_MS, backOff } from '../../src/execute/back-off.ts';
import { execute } from '../../src/execute/executor.ts';
import { hiccup, makersOf, Outside, optionsFor, recordOf, step } from './outside.ts';

describe('backOff', () => {
  it('spreads over the whole range, doubling up to the cap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, chance) => {
          const wait = backOff(failures, () => chance);
          const bound = failures < 7 ? BACK_OFF_BASE_MS * 2 ** (failures - 1) : BACK_OFF_CAP_MS;
          expect(wait).toBe(Math.round(chance * bound));
        },
      ),
    );
  });
});

describe('execute: retries', () => {
  it('tries a transient failure again, with growing waits, and no more often than the step says', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const options = optionsFor([step('a', [], { retries: 3 })], new Outside(), {
      clock,
      random: () => 0.5,
      behaviour: {
        async run() {
          at.push(clock.now());
          throw hiccup();
        },
      },
    });
    const result = await clock.until(execute(options));
    expect(at).toEqual([0, 250, 750, 1_750]);
    expect(result.status).toBe('failed');
    expect(result.failures).toEqual([{ step: 'a', error: { code: 'hiccup', message: 'It did not answer.' } }]);
    const failed = options.journal.durable.filter((event) => event.type === 'step.failed');
    expect(failed.map((event) => event.data)).toMatchObject([
      { attempt: 1, final: false, retryInMs: 250 },
      { attempt: 2, final: false, retryInMs: 500 },
      { attempt: 3, final: false, retryInMs: 1_000 },
      { attempt: 4, final: true },
    ]);
  });

  it('does not try a permanent failure again', async () => {
    let runs = 0;
    const result = await execute(
      optionsFor([step('a', [], { retries: 3 })], new Outside(), {
        behaviour: {
          async run() {
            runs++;
            throw new Error('no such region');
          },
        },
      }),
    );
    expect(runs).toBe(1);
    expect(result.failures).toEqual([{ step: 'a', error: { code: 'unexpected', message: 'no such region' } }]);
  });

  it('leaves the slot to others while it waits', async () => {
    const clock = new ManualClock();
    const world = new Outside();
    const make = makersOf(world);
    const steps = [step('flaky', [], { retries: 1, estimateMs: 99 }), step('other')];
    const result = await clock.until(
      execute(
        optionsFor(steps, world, {
          clock,
          plan: { limits: { overall: 1, providers: {}, types: {} } },
          behaviour: {
            async run(one, context) {
              if (one.id === 'flaky' && context.attempt === 1) throw hiccup();
              return make.run(one, context);
            },
          },
        }),
      ),
    );
    expect(result.status).toBe('completed');
    expect(world.begun).toEqual(['other', 'flaky']);
  });

  it('asks what became of an attempt whose answer was lost, and does not repeat what was done', async () => {
    const world = new Outside();
    const make = makersOf(world);
    const options = optionsFor([step('a', [], { retries: 3 }), step('b', ['a'])], world, {
      behaviour: {
        async run(one, context) {
          const outcome = await make.run(one, context);
          if (one.id === 'a') throw hiccup();
          return outcome;
        },
      },
    });
    const result = await execute(options);
    expect(result.status).toBe('completed');
    expect([...world.made.values()]).toEqual([1, 1]);
    expect(options.journal.typesOf('a')).toEqual(['step.started', 'step.settled', 'step.succeeded']);
    expect(options.journal.record('resource:a')).toMatchObject({ id: 'token of a' });
  });

  it('does not ask when the error says that nothing happened', async () => {
    let asked = 0;
    const options = optionsFor([step('a', [], { retries: 1 })], new Outside(), {
      random: () => 0,
      behaviour: {
        async run() {
          throw hiccup({ effect: 'none' });
        },
        async settle() {
          asked++;
          return { as: 'not-done', how: '' };
        },
      },
    });
    expect((await execute(options)).status).toBe('failed');
    expect(asked).toBe(0);
  });

  it('looks again when looking fails for a moment, and leaves it to a person when it keeps failing', async () => {
    const clock = new ManualClock();
    const run = async (failures: number) => {
      let looks = 0;
      const world = new Outside();
      const make = makersOf(world);
      const options = optionsFor([step('a')], world, {
        clock,
        behaviour: {
          async run(one, context) {
            await make.run(one, context);
            throw hiccup();
          },
          async settle(one, context) {
            if (++looks <= failures) throw hiccup();
            return make.settle(one, context);
          },
        },
      });
      return { result: await clock.until(execute(options)), looks };
    };
    expect(await run(3)).toMatchObject({ result: { status: 'completed' }, looks: 4 });
    const { result, looks } = await run(99);
    expect(looks).toBe(4);
    expect(result).toMatchObject({ status: 'failed', failures: [] });
    expect(result.steps.get('a')).toBe('unknown');
    expect(result.unknown).toEqual([{ step: 'a', look: expect.stringContaining('It did not answer.') }]);
  });

  it('records what exists half, and does not try again', async () => {
    const world = new Outside();
    const options = optionsFor([step('a', [], { retries: 3 })], world, {
      behaviour: {
        async run() {
          throw hiccup();
        },
        async settle(one, context) {
          const outcome = { changes: [{ put: recordOf(one, context.token) }] };
          return { as: 'incomplete', outcome, how: 'the disk is there, the host is not' };
        },
      },
    });
    const result = await execute(options);
    expect(result.failures).toMatchObject([{ step: 'a', error: { code: 'hiccup' } }]);
    expect(options.journal.typesOf('a')).toEqual(['step.started', 'step.settled', 'step.failed']);
    expect(options.journal.record('resource:a')).toBeDefined();
  });
});
