import type { Analysis, CanaryStrategy, RollingStrategy, StrategyDeclaration } from '../../src/config/project.ts';
import { type StepDraft, StepDrafts } from '../../src/plan/step-drafts.ts';
import { ProviderRegistry } from '../../src/provider/registry.ts';
import { type RevisionRecord, type ServiceRecord, slotsOf } from '../../src/state/record.ts';
import { blueGreen } from '../../src/strategies/blue-green.ts';
import { canary } from '../../src/strategies/canary.ts';
import { slotsUpTo } from '../../src/strategies/instances.ts';
import { recreate } from '../../src/strategies/recreate.ts';
import { rolling } from '../../src/strategies/rolling.ts';
import type { EmittedRollout, Rollout } from '../../src/strategies/rollout.ts';

const STRATEGIES = { recreate, rolling, canary, 'blue-green': blueGreen };

const health = { tcp: true, intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, deadlineMs: 1_000 };

export const analysis: Analysis = {
  metrics: [
    {
      name: 'errors',
      source: 'router',
      query: 'errorRate',
      fail: { above: 0.05 },
      consecutiveFailures: 1,
      consecutiveErrors: 5,
      weight: 1,
      critical: true,
    },
  ],
  initialDelayMs: 0,
  durationMs: 30_000,
  minimumSamples: 1,
  minimumMeasurements: 1,
  passScore: 1,
  onInconclusive: { kind: 'pause' },
};

export const canaryOf = (steps: CanaryStrategy['steps'], more: Partial<CanaryStrategy> = {}): CanaryStrategy => ({
  kind: 'canary',
  steps,
  background: true,
  baseline: false,
  bakeMs: 0,
  drainMs: 1_000,
  keepOld: true,
  ...more,
});

export const rollingOf = (more: Partial<RollingStrategy> = {}): RollingStrategy => ({
  kind: 'rolling',
  batch: { count: 1 },
  maxSurge: { count: 1 },
  maxUnavailable: { count: 0 },
  minimumHealthyMs: 0,
  pauseMs: 0,
  drainMs: 1_000,
  bakeMs: 0,
  ...more,
});

function revision(id: string, instances: number, strategy: StrategyDeclaration): RevisionRecord {
  return {
    id,
    release: { version: id, fingerprint: id, artifact: id, parts: { source: id, build: id } },
    spec: { path: 'web', run: 'x', port: 1, env: {}, health, tests: {}, strategy, stopGraceMs: 1_000 },
    secrets: {},
    slots: slotsUpTo(instances),
    role: 'active',
  };
}

/** What a broken rollout left of another revision. */
export function leftOver(
  id: string,
  instances: number,
  strategy: StrategyDeclaration,
  more: { role?: RevisionRecord['role']; declared?: number } = {},
): RevisionRecord {
  const { role = 'staged', declared = instances } = more;
  const left = revision(id, instances, strategy);
  return { ...left, role, spec: { ...left.spec, instances: declared } };
}

export interface Situation {
  strategy: StrategyDeclaration;
  /** Instances that there are to be. Default 1. */
  wanted?: number;
  /** Instances that there are; `null`: nothing is there yet. Default as wanted. */
  before?: number | null;
  /** For how many the platform has room. Default: any number. */
  most?: number;
  traffic?: Pick<ServiceRecord, 'weights' | 'routes'>;
  others?: RevisionRecord[];
  name?: string;
  publishes?: boolean;
  /** Which of the steps that could begin does, again and again. Default: the first that was added. */
  order?: readonly number[];
}

export function emit(
  situation: Situation,
  drafts = new StepDrafts(new ProviderRegistry({}), new Map()),
): { drafts: StepDrafts; emitted: EmittedRollout } {
  const { strategy, wanted = 1, name = 'web' } = situation;
  const before = situation.before === undefined ? wanted : situation.before;
  const { slots: _, role: __, ...fresh } = revision('new', wanted, strategy);
  const { artifact, ...release } = fresh.release;
  const rollout: Rollout = {
    address: `service:${name}`,
    platform: 'memory',
    desired: { ...fresh, release, artifact, buildFingerprint: 'b' },
    instances: wanted,
    mostInstances: situation.most ?? Number.POSITIVE_INFINITY,
    active: before === null ? undefined : revision('old', before, strategy),
    others: situation.others ?? [],
    traffic: situation.traffic ?? { weights: { old: 100 } },
    needs: [],
    build: undefined,
    publishes: situation.publishes ?? false,
    tests: [],
    tags: {},
    dependsOn: [],
    protect: false,
    timeoutMs: undefined,
    inLockstep: false,
  };
  const emitted = STRATEGIES[strategy.kind](rollout, drafts);
  return { drafts, emitted };
}

/** All steps of a rollout that stands alone, in the order in which they were added. */
export function stepsOf(situation: Situation): StepDraft[] {
  const { drafts, emitted } = emit(situation);
  emitted.retire([]);
  return drafts.list;
}

/** The steps in words: `switch-10 new=10 old=90`. */
export function storyOf(situation: Situation): string[] {
  return stepsOf(situation).map((step) => {
    const name = step.id.slice(step.id.indexOf('/') + 1);
    if (step.action === 'switch') {
      const weights = Object.entries(step.input.weights).map(([id, weight]) => ` ${id}=${weight}`);
      const routes = (step.input.routes ?? []).map((route) => ` ${Object.values(route).slice(1).join('=')}`);
      return `${name}${weights.join('')}${routes.join('')}`;
    }
    if (step.action === 'stage' || step.action === 'scale') return `${name} ${(step.input.slots ?? [0]).length}`;
    if (step.action === 'hold' || step.action === 'analyse') return `${name} ${step.input.durationMs / 1_000}s`;
    return name;
  });
}

export interface World {
  /** Numbers of the instances that run, by revision. */
  running: Map<string, Set<number>>;
  /** Those that were probed since they were started. */
  probed: Map<string, Set<number>>;
  weights: Record<string, number>;
  /** The instances that take part. */
  taking: Map<string, number[]>;
}

/** Does the steps in an order that their needs allow, and tells how the world is after each. */
export function simulate(situation: Situation, look: (world: World, step: StepDraft) => void): World {
  const before = situation.before === undefined ? (situation.wanted ?? 1) : situation.before;
  const there = [
    ...(before === null ? [] : [['old', slotsUpTo(before)] as const]),
    ...(situation.others ?? []).map((one) => [one.id, slotsOf(one)] as const),
  ];
  const weights = situation.traffic?.weights ?? (before === null ? {} : { old: 100 });
  const world: World = {
    running: new Map(there.map(([id, slots]) => [id, new Set(slots)])),
    probed: new Map(there.map(([id, slots]) => [id, new Set(slots)])),
    weights,
    taking: new Map(there.filter(([id]) => (weights[id] ?? 0) > 0).map(([id, slots]) => [id, [...slots]])),
  };
  const { order = [0] } = situation;
  const done = new Set<string>();
  let left = stepsOf(situation);
  while (left.length > 0) {
    const ready = left.filter((step) => step.needs.every((need) => done.has(need)));
    const next = ready[order[done.size % order.length]! % ready.length];
    if (!next) throw new Error(`Nothing can begin of ${left.map(({ id }) => id).join(', ')}.`);
    doStep(world, next);
    look(world, next);
    done.add(next.id);
    left = left.filter((step) => step !== next);
  }
  return world;
}

function doStep(world: World, step: StepDraft): void {
  if (step.action === 'stage' || step.action === 'scale') {
    const id = step.action === 'stage' ? step.input.revision.id : step.input.revision;
    const slots = new Set(step.input.slots ?? [0]);
    world.running.set(id, slots);
    world.probed.set(id, new Set([...(world.probed.get(id) ?? [])].filter((slot) => slots.has(slot))));
  } else if (step.action === 'probe') {
    const slots = step.input.slots ?? [...(world.running.get(step.input.revision) ?? [])];
    const probed = world.probed.get(step.input.revision) ?? new Set();
    for (const slot of slots) probed.add(slot);
    world.probed.set(step.input.revision, probed);
  } else if (step.action === 'switch') {
    world.weights = step.input.weights;
    const ids = Object.keys(step.input.weights).filter((id) => step.input.weights[id]! > 0);
    world.taking = new Map(ids.map((id) => [id, step.input.slots?.[id] ?? [...(world.running.get(id) ?? [])]]));
  } else if (step.action === 'retire') {
    world.running.delete(step.input.revision);
  }
}
