import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { execute } from '../../src/execute/executor.ts';
import { anyDag, type Dag } from '../graph/dag.ts';
import { MemoryJournal } from './memory-journal.ts';
import { hiccup, makersOf, Outside, optionsFor, step, tick } from './outside.ts';

const PROVIDERS = ['aws', 'docker'];
const TYPES = ['disk', 'host', 'net'];

function stepsOf(dag: Dag, seed: number) {
  return dag.ids.map((id, at) =>
    step(id, dag.needs.get(id)!, {
      provider: PROVIDERS[(seed + at) % 2]!,
      type: TYPES[(seed + 2 * at) % 3]!,
      estimateMs: (seed * 7 + at * 13) % 50,
      retries: 2,
    }),
  );
}

const anyLimits = fc.record({
  overall: fc.integer({ min: 1, max: 5 }),
  providers: fc.record({ aws: fc.integer({ min: 1, max: 3 }) }, { requiredKeys: [] }),
  types: fc.record({ disk: fc.integer({ min: 1, max: 2 }), net: fc.constant(1) }, { requiredKeys: [] }),
});

/** What ran at the same time at most: overall, by provider, by type. */
class Peaks {
  readonly highest = new Map<string, number>();
  readonly #now = new Map<string, number>();

  change(keys: string[], by: 1 | -1): void {
    for (const key of keys) {
      const now = (this.#now.get(key) ?? 0) + by;
      this.#now.set(key, now);
      this.highest.set(key, Math.max(now, this.highest.get(key) ?? 0));
    }
  }
}

describe('execute: any plan', () => {
  it('runs each step once, needs first, never more at once than allowed, and only after its intent is durable', async () => {
    await fc.assert(
      fc.asyncProperty(anyDag(), anyLimits, fc.nat(9), fc.array(fc.nat(3)), async (dag, limits, seed, stumbles) => {
        const world = new Outside();
        const journal = new MemoryJournal();
        const steps = stepsOf(dag, seed);
        const done = new Set<string>();
        const peaks = new Peaks();
        const make = makersOf(world);
        const result = await execute(
          optionsFor(steps, world, {
            journal,
            plan: { limits },
            random: () => 0,
            behaviour: {
              async run(one, context) {
                for (const need of one.needs) expect(done).toContain(need);
                expect(journal.typesOf(one.id).filter((type) => type === 'step.started')).toHaveLength(context.attempt);
                peaks.change(['all', one.provider, one.type], 1);
                await tick();
                const stumbling = (stumbles[steps.indexOf(one)] ?? 0) >= context.attempt && context.attempt < 3;
                const outcome = stumbling ? undefined : await make.run(one, context);
                peaks.change(['all', one.provider, one.type], -1);
                if (!outcome) throw hiccup({ effect: 'none' });
                done.add(one.id);
                return outcome;
              },
            },
          }),
        );
        expect(result.status).toBe('completed');
        expect([...result.steps.values()].every((status) => status === 'succeeded')).toBe(true);
        expect([...world.made.values()]).toEqual(dag.ids.map(() => 1));
        expect(peaks.highest.get('all')).toBeLessThanOrEqual(limits.overall);
        for (const [name, limit] of Object.entries({ ...limits.providers, ...limits.types })) {
          expect(peaks.highest.get(name) ?? 0).toBeLessThanOrEqual(limit!);
        }
        expect(journal.state.size).toBe(dag.ids.length);
      }),
      { numRuns: 60 },
    );
  });

  it('uses the slots that there are', async () => {
    const peaks = new Peaks();
    const steps = Array.from({ length: 30 }, (_, at) => step(`s${at}`, at < 10 ? [] : [`s${at - 10}`]));
    await execute(
      optionsFor(steps, new Outside(), {
        plan: { limits: { overall: 7, providers: {}, types: {} } },
        behaviour: {
          async run() {
            peaks.change(['all'], 1);
            await new Promise((resolve) => setTimeout(resolve, 3));
            peaks.change(['all'], -1);
            return { changes: [] };
          },
        },
      }),
    );
    expect(peaks.highest.get('all')).toBe(7);
  });

  it('takes the longest remaining path first, and the order of the plan among equals', async () => {
    const world = new Outside();
    const steps = [
      step('short', [], { estimateMs: 5 }),
      step('equal', [], { estimateMs: 5 }),
      step('first', [], { estimateMs: 1 }),
      step('long tail', ['first'], { estimateMs: 100 }),
      step('middle', [], { estimateMs: 50 }),
    ];
    await execute(optionsFor(steps, world, { plan: { limits: { overall: 1, providers: {}, types: {} } } }));
    expect(world.begun).toEqual(['first', 'long tail', 'middle', 'short', 'equal']);
  });

  it('starts a step as soon as its own needs are done, not when a level is', async () => {
    const world = new Outside();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const steps = [step('slow'), step('quick'), step('after quick', ['quick']), step('last', ['after quick'])];
    const make = makersOf(world);
    const run = execute(
      optionsFor(steps, world, {
        behaviour: {
          async run(one, context) {
            if (one.id === 'slow') await held;
            if (one.id === 'last') release();
            return make.run(one, context);
          },
        },
      }),
    );
    expect((await run).status).toBe('completed');
    expect(world.begun.at(-1)).not.toBe('after quick');
  });

  it('puts the intents of dependents into the write that holds the outcome they wait for', async () => {
    const journal = new MemoryJournal();
    const chain = Array.from({ length: 20 }, (_, at) => step(`s${at}`, at === 0 ? [] : [`s${at - 1}`]));
    await execute(optionsFor(chain, new Outside(), { journal }));
    expect(journal.durable).toHaveLength(40);
    expect(journal.writes).toHaveLength(21);
  });

  it('refuses a plan that can not be run, before any effect', async () => {
    const world = new Outside();
    const run = (steps: Parameters<typeof optionsFor>[0], overall = 1) =>
      execute(optionsFor(steps, world, { plan: { limits: { overall, providers: {}, types: {} } } }));
    await expect(run([step('a', ['b']), step('b', ['a'])])).rejects.toMatchObject({ code: 'cycle' });
    await expect(run([step('a', ['gone'])])).rejects.toMatchObject({ code: 'plan-invalid', subject: 'a' });
    await expect(run([step('a'), step('a')])).rejects.toMatchObject({ code: 'plan-invalid', subject: 'a' });
    await expect(run([step('a')], 0)).rejects.toMatchObject({ code: 'limit-invalid' });
    expect(world.made.size).toBe(0);
    expect(await run([])).toMatchObject({ status: 'completed', failures: [], unknown: [] });
  });

  it('hands over what a handler needs', async () => {
    const lines: string[] = [];
    const journal = new MemoryJournal();
    let seen: unknown;
    await execute(
      optionsFor([step('a'), step('b', ['a'])], new Outside(), {
        journal,
        resolve: (value, forRecord) => `${JSON.stringify(value)} ${forRecord}` as typeof value,
        onLog: (one, line) => lines.push(`${one.id}: ${line}`),
        behaviour: {
          async run(one, context) {
            context.call.log('calling');
            await context.note({ level: one.id });
            seen = {
              resolved: [context.resolve('x'), context.resolveForRecord('x')],
              record: context.record('resource:a'),
              notes: context.notes,
              identity: [context.deployment, context.environment, context.token, context.attempt],
            };
            const outcome = await makersOf(new Outside()).run(one, context);
            return { ...outcome, detail: { made: one.id } };
          },
        },
      }),
    );
    expect(seen).toEqual({
      resolved: ['"x" false', '"x" true'],
      record: expect.objectContaining({ id: 'token of a' }),
      notes: [{ level: 'b' }],
      identity: ['d1', 'dev', 'token of b', 1],
    });
    expect(lines).toEqual(['a: calling', 'b: calling']);
    expect(journal.typesOf('a')).toEqual(['step.started', 'step.noted', 'step.succeeded']);
    expect(journal.durable.at(-1)?.data).toMatchObject({ detail: { made: 'b' }, durationMs: expect.any(Number) });
  });
});
