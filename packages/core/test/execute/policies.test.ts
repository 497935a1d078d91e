import { ManualClock } from '@slipway/provider-testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FailurePolicy } from '../../src/config/project.ts';
import { execute } from '../../src/execute/executor.ts';
import { anyDag } from '../graph/dag.ts';
import { hiccup, makersOf, Outside, optionsFor, step, tick } from './outside.ts';

/** `bad` fails at once, `slow` takes its time, the others work. */
function runDiamond(onFailure: FailurePolicy) {
  const world = new Outside();
  const make = makersOf(world);
  const steps = [
    step('bad'),
    step('slow'),
    step('after slow', ['slow']),
    step('after bad', ['bad']),
    step('after both', ['after bad', 'after slow']),
  ];
  const options = optionsFor(steps, world, {
    plan: { onFailure },
    behaviour: {
      async run(one, context) {
        if (one.id === 'bad') throw new Error('bad');
        if (one.id === 'slow') for (let turn = 0; turn < 10; turn++) await tick();
        return make.run(one, context);
      },
    },
  });
  return { options, world };
}

describe('execute: failure policies', () => {
  it.each(['stop', 'rollback'] as const)('%s: what runs may finish, nothing new starts', async (policy) => {
    const { options, world } = runDiamond(policy);
    const result = await execute(options);
    expect(result.status).toBe('failed');
    expect(Object.fromEntries(result.steps)).toEqual({
      bad: 'failed',
      slow: 'succeeded',
      'after slow': 'pending',
      'after bad': 'pending',
      'after both': 'pending',
    });
    expect(world.begun).toEqual(['slow']);
  });

  it('continue: independent branches go on, what needed the failed one is skipped with the reason', async () => {
    const { options } = runDiamond('continue');
    const result = await execute(options);
    expect(result.status).toBe('failed');
    expect(Object.fromEntries(result.steps)).toEqual({
      bad: 'failed',
      slow: 'succeeded',
      'after slow': 'succeeded',
      'after bad': 'skipped',
      'after both': 'skipped',
    });
    const skipped = options.journal.durable.find((event) => event.step === 'after both');
    expect(skipped).toMatchObject({ type: 'step.skipped', data: { reason: expect.stringContaining('"bad" failed') } });
  });

  it('continue: succeeds with exactly what does not need a failed step, in any plan', async () => {
    await fc.assert(
      fc.asyncProperty(anyDag(), fc.func(fc.nat(4)), async (dag, chance) => {
        const world = new Outside();
        const make = makersOf(world);
        const fails = (id: string) => chance(id) === 0;
        const lost = (id: string): boolean => fails(id) || dag.needs.get(id)!.some(lost);
        const result = await execute(
          optionsFor(
            dag.ids.map((id) => step(id, dag.needs.get(id)!)),
            world,
            {
              plan: { onFailure: 'continue', limits: { overall: 3, providers: {}, types: {} } },
              behaviour: {
                async run(one, context) {
                  if (fails(one.id)) throw new Error('it had to be');
                  return make.run(one, context);
                },
              },
            },
          ),
        );
        for (const id of dag.ids) {
          const reached = !dag.needs.get(id)!.some(lost);
          expect(result.steps.get(id)).toBe(!reached ? 'skipped' : fails(id) ? 'failed' : 'succeeded');
        }
      }),
      { numRuns: 40 },
    );
  });

  it('a step that only comes after others runs once they have ended, however they ended', async () => {
    const world = new Outside();
    const make = makersOf(world);
    const steps = [
      step('last', [], { after: ['bad', 'skipped', 'fine'] }),
      step('bad'),
      step('skipped', ['bad']),
      step('fine', [], { estimateMs: 1 }),
    ];
    const result = await execute(
      optionsFor(steps, world, {
        plan: { onFailure: 'continue', limits: { overall: 2, providers: {}, types: {} } },
        behaviour: {
          async run(one, context) {
            if (one.id === 'bad') throw new Error('bad');
            return make.run(one, context);
          },
        },
      }),
    );
    expect(world.begun).toEqual(['fine', 'last']);
    expect(result.steps.get('skipped')).toBe('skipped');
  });

  it('an unknown step counts as a failure', async () => {
    const { options } = runDiamond('continue');
    const handlers = options.handlers;
    const settle = async () => ({ as: 'unknown', look: 'Look into the console.' }) as const;
    const blind = { run: handlers.record.run, settle };
    const result = await execute({ ...options, handlers: new Proxy(handlers, { get: () => blind }) });
    expect(result.status).toBe('failed');
    expect(result.unknown).toEqual([{ step: 'bad', look: 'Look into the console.' }]);
    expect(result.steps.get('after bad')).toBe('skipped');
    expect(result.steps.get('after slow')).toBe('succeeded');
  });

  it('calls off retries when another step fails for good', async () => {
    const clock = new ManualClock();
    let flaky = 0;
    const options = optionsFor(
      [step('flaky', [], { retries: 9 }), step('bad', ['gate']), step('gate')],
      new Outside(),
      {
        clock,
        random: () => 1,
        behaviour: {
          async run(one) {
            if (one.id === 'gate') return { changes: [] };
            if (one.id === 'bad') throw new Error('bad');
            flaky++;
            throw hiccup();
          },
        },
      },
    );
    const result = await clock.until(execute(options));
    expect(clock.now()).toBe(0);
    expect(flaky).toBe(1);
    expect(result.steps.get('flaky')).toBe('cancelled');
    expect(options.journal.typesOf('flaky')).toEqual(['step.started', 'step.failed', 'step.cancelled']);
  });
});
