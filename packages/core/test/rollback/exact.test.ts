import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Slipway } from '../../src/slipway.ts';
import { service, thing } from '../support/declare.ts';
import { viewOf } from '../support/outside-view.ts';
import { type Config, makePlayground, type OutsideCall, type Playground } from '../support/playground.ts';
import { expectSound } from '../support/sound.ts';

/** Cases of each property; more of them on demand. */
const RUNS = Number(process.env.SLIPWAY_PROPERTY_RUNS ?? 12);

/** What a person may declare of one node; equal drafts, equal declarations. */
interface NodeDraft {
  there: boolean;
  value: number;
  kind: 'a' | 'b';
  order: 'create-before-delete' | 'delete-before-create';
  needs: number[];
  tag: number;
}

const nodeDraft: fc.Arbitrary<NodeDraft> = fc.record({
  there: fc.boolean(),
  value: fc.nat(2),
  kind: fc.constantFrom('a', 'b'),
  order: fc.constantFrom('create-before-delete', 'delete-before-create'),
  needs: fc.array(fc.nat(10), { maxLength: 3 }),
  tag: fc.nat(1),
});

const SIZE = 5;
const drafts = fc.array(nodeDraft, { minLength: SIZE, maxLength: SIZE });
const STRATEGIES = [
  'recreate',
  'blue-green',
  'rolling',
  { rolling: { maxSurge: 0, maxUnavailable: 2, batch: 2 } },
] as const;
const serviceDraft = fc.record({
  there: fc.boolean(),
  level: fc.nat(2),
  instances: fc.integer({ min: 1, max: 4 }),
  strategy: fc.constantFrom(...STRATEGIES),
});
const configDraft = fc.record({ nodes: drafts, services: fc.tuple(serviceDraft, serviceDraft) });
interface ServiceDraft {
  there: boolean;
  level: number;
  instances: number;
  strategy: (typeof STRATEGIES)[number];
}
type ConfigDraft = { nodes: NodeDraft[]; services: ServiceDraft[] };

/** Nodes need only earlier ones that are there; services need each other and a resource. */
function configOf({ nodes, services }: ConfigDraft): Config {
  const resources: Record<string, unknown> = {};
  const there = (n: number) => nodes[n]?.there;
  for (const [n, node] of nodes.entries()) {
    if (!node.there) continue;
    const needs = [...new Set(node.needs.map((need) => need % SIZE))].filter((need) => need < n && there(need));
    const value = { own: node.value, uses: needs.map((need) => `\${resource:n${need}.id}`) };
    resources[`n${n}`] = thing(value, { kind: node.kind, replace: node.order, tags: { t: `${node.tag}` } });
  }
  const declared: Record<string, unknown> = {};
  const uses = Object.keys(resources).slice(0, 2);
  for (const [n, { there, level, instances, strategy }] of services.entries()) {
    if (!there) continue;
    const env = {
      LEVEL: `${level}`,
      ...Object.fromEntries(uses.map((name, at) => [`R${at}`, `\${resource:${name}.id}`])),
    };
    const dependsOn = n > 0 && services[0]!.there ? ['s0'] : [];
    declared[`s${n}`] = service(`s${n}`, 4000 + n, { env, dependsOn, instances, strategy });
  }
  return { environments: { dev: { platform: 'memory', onFailure: 'rollback' } }, resources, services: declared };
}

/** Two configs that differ in every node: whatever chance draws, what must be seen happens at least in this case. */
const sure = (value: number): ConfigDraft => ({
  nodes: Array.from({ length: SIZE }, () => ({
    there: true,
    value,
    kind: 'a',
    order: 'create-before-delete',
    needs: [0],
    tag: 0,
  })),
  services: [
    { there: true, level: value, instances: 4, strategy: STRATEGIES[3] },
    { there: false, level: 0, instances: 1, strategy: 'recreate' },
  ],
});

const CHANGES = new Set(['create', 'update', 'delete', 'stage', 'setWeights', 'retire', 'drain', 'probe']);

/** The n-th call that matters goes wrong, once: before it has its effect or after it. */
function failAt(play: Playground, at: number, when: 'before' | 'after', then: (call: OutsideCall) => Error): void {
  let seen = 0;
  let done = false;
  play.fault = (call, now) => {
    if (done || !CHANGES.has(call.call)) return undefined;
    if (now === 'before') seen++;
    if (seen !== at || now !== when) return undefined;
    done = true;
    return then(call);
  };
}

async function start(first: ConfigDraft): Promise<Playground> {
  const play = await makePlayground();
  for (const name of ['s0', 's1']) await play.file(`${name}/index.js`, name);
  expect((await play.deploy(configOf(first))).status).toMatch('completed');
  return play;
}

describe('a rollback restores the exact snapshot', () => {
  it('wherever the deployment fails', async () => {
    let rolledBack = 0;
    await fc.assert(
      fc.asyncProperty(
        configDraft,
        configDraft,
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('before' as const, 'after' as const),
        async (first, second, at, when) => {
          const play = await start(first);
          try {
            const before = await viewOf(play);
            failAt(play, at, when, ({ call }) => new Error(`${call} went wrong`));
            const report = await play.deploy(configOf(second));
            play.fault = () => undefined;
            if (report.status === 'completed') return;
            expect(report.status).toBe('rolled_back');
            expect(report.rollback?.failed ?? []).toEqual([]);
            expect(await viewOf(play)).toEqual(before);
            // A deployment of what was there has nothing to do, and the other one can be tried again.
            expect((await play.plan(configOf(first))).steps.map(({ id }) => id)).toEqual([]);
            expect((await play.deploy(configOf(second))).status).toBe('completed');
            await expectSound(play);
            rolledBack++;
          } finally {
            await play.close();
          }
        },
      ),
      { numRuns: RUNS, examples: [[sure(0), sure(1), 3, 'before']] },
    );
    expect(rolledBack).toBeGreaterThan(0);
  });

  it('also when the process is killed, wherever and however often, and resumed', async () => {
    let killed = 0;
    let rolledBack = 0;
    const death = fc.record({
      at: fc.integer({ min: 1, max: 25 }),
      when: fc.constantFrom('before', 'after', 'journalled'),
    });
    await fc.assert(
      fc.asyncProperty(
        configDraft,
        configDraft,
        fc.integer({ min: 2, max: 12 }),
        fc.array(death, { minLength: 1, maxLength: 4 }),
        async (first, second, failsAt, deaths) => {
          const play = await start(first);
          try {
            const before = await viewOf(play);
            await play.config(configOf(second));
            const failing = failsFrom(failsAt);
            for (const [round, { at, when }] of deaths.entries()) {
              const dies = new AbortController();
              const die = () => {
                killed++;
                dies.abort();
                return new Error('killed');
              };
              if (when === 'journalled') play.fault = failing;
              else {
                failAt(play, at, when, die);
                const dying = play.fault;
                play.fault = (call, now) => dying(call, now) ?? failing(call, now);
              }
              await play.session(async (slipway) => {
                let events = 0;
                slipway.on(({ kind }) => {
                  if (when === 'journalled' && kind === 'journal' && ++events === at) die();
                });
                const kill = dies.signal;
                return round === 0 ? await slipway.deploy({ kill }) : await goOn(slipway, kill);
              });
            }
            play.fault = failing;
            for (let round = 0; round < 3; round++) await play.session((slipway) => goOn(slipway));
            const [newest] = await play.session((slipway) => slipway.history(1));
            if (newest!.kind === 'deploy' && newest!.status === 'completed') return;
            rolledBack++;
            expect(await viewOf(play)).toEqual(before);
            await expectSound(play);
          } finally {
            await play.close();
          }
        },
      ),
      { numRuns: RUNS, examples: [[sure(0), sure(1), 4, [{ at: 2, when: 'before' }]]] },
    );
    expect(killed).toBeGreaterThan(0);
    expect(rolledBack).toBeGreaterThan(0);
  });
});

/** Resumes what is not finished; nothing to resume is fine. */
async function goOn(slipway: Slipway, kill?: AbortSignal): Promise<void> {
  await slipway.resume(kill ? { kill } : {}).catch((error) => {
    if (error.code !== 'nothing-to-resume') throw error;
  });
}

/** The n-th change from here on goes wrong, once, whoever makes it. */
function failsFrom(at: number): Playground['fault'] {
  let seen = 0;
  return (call, when) => {
    if (when !== 'before' || !CHANGES.has(call.call)) return undefined;
    seen++;
    return seen === at ? new Error(`${call.call} went wrong`) : undefined;
  };
}
