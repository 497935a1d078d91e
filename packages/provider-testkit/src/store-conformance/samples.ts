import {
  type Address,
  digestOfPlan,
  type LockHolder,
  type NewEvent,
  type Plan,
  type ResourceRecord,
  resourceAddress,
  type StateChange,
  type Store,
} from '@slipway/core';

const AT = '2026-01-02T03:04:05.678Z';

export function sampleHolder(id: string): LockHolder {
  return { id, host: 'here', pid: 1, processStart: '1', user: 'someone', command: 'deploy', since: AT };
}

/** Takes the lock, which must be free, for longer than any test runs. */
export async function lockSample(store: Store, environment: string): Promise<number> {
  const result = await store.acquireLock(environment, sampleHolder('sample'), 600_000);
  if (result.kind !== 'acquired') throw new Error(`The lock of ${environment} is not free.`);
  return result.epoch;
}

export function sampleRecord(name: string, value: string | number): ResourceRecord {
  return {
    kind: 'resource',
    address: resourceAddress(name),
    type: 'core:value',
    id: `id-${name}`,
    properties: { input: value, text: 'äöü "quoted" \\ \u0000 \ud800 \u2028' },
    outputs: { value },
    secrets: {},
    dependsOn: [],
    tags: { team: 'platform' },
    protect: false,
    replace: 'create-before-delete',
    token: `token-${name}`,
  };
}

export const put = (name: string, value: string | number): StateChange => ({ put: sampleRecord(name, value) });
export const remove = (name: string): StateChange => ({ remove: resourceAddress(name) });

export function samplePlan(environment: string, actions: Plan['changes'][number]['action'][] = ['create']): Plan {
  const content: Omit<Plan, 'digest'> = {
    version: 1,
    kind: 'deploy',
    project: 'shop',
    environment,
    ship: '1.0.0',
    base: { seq: 0 },
    changes: actions.map((action, index) => ({
      address: resourceAddress(`r${index}`),
      type: 'core:value',
      action,
      reasons: [],
    })),
    steps: [],
    waves: 0,
    criticalPath: [],
    estimateMs: 0,
    onFailure: 'stop',
    limits: { overall: 10, providers: {}, types: {} },
    runtime: { platform: { use: 'memory' }, secretFiles: [], protected: false },
    warnings: [],
  };
  return { ...content, digest: digestOfPlan(content) };
}

/** An event that changes state by hand. */
export function stateChanged(...changes: StateChange[]): NewEvent {
  return {
    type: 'state.changed',
    deployment: null,
    step: null,
    at: AT,
    data: { command: 'state', by: 'someone' },
    changes,
  };
}

export function started(deployment: string, plan: Plan, at = AT): NewEvent {
  const data = { kind: plan.kind, plan: plan.digest, ship: plan.ship, snapshot: 0, by: 'someone', command: 'deploy' };
  return { type: 'deployment.started', deployment, step: null, at, data };
}

export function status(deployment: string, to: 'in_progress' | 'waiting'): NewEvent {
  return { type: 'deployment.status', deployment, step: null, at: AT, data: { status: to } };
}

export function ended(deployment: string, as: 'completed' | 'failed' | 'cancelled', at = AT): NewEvent {
  const error = { code: 'broken', message: 'It broke.', hint: 'Mend it.' };
  const data = { status: as, durationMs: 1234, ...(as === 'failed' ? { error } : {}) };
  return { type: 'deployment.ended', deployment, step: null, at, data };
}

export function stepStarted(deployment: string, step: string): NewEvent {
  return { type: 'step.started', deployment, step, at: AT, data: { attempt: 1, token: `token-${step}` } };
}

export function stepSucceeded(
  deployment: string,
  step: string,
  durationMs: number,
  ...changes: StateChange[]
): NewEvent {
  return { type: 'step.succeeded', deployment, step, at: AT, data: { durationMs }, changes };
}

/** A build that made the artifact `digest` out of `fingerprint`. */
export function built(deployment: string, fingerprint: string, digest: string, at = AT): NewEvent {
  const data = { durationMs: 5, artifact: { fingerprint, digest, sizeBytes: 12 } };
  return { type: 'step.succeeded', deployment, step: 'service:a/build', at, data };
}

/** The inputs of a recorded world by address, sorted: short to compare. */
export function inputsOf(state: ReadonlyMap<Address, unknown>): Record<string, unknown> {
  const entries = [...state].map(
    ([address, record]) => [address, (record as ResourceRecord).properties.input] as const,
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
