import type { Address } from '../address.ts';
import type { ServiceSpec, TestLevel } from '../config/project.ts';
import { isUnresolved } from '../plan/known-outputs.ts';
import type { DesiredRevision } from '../plan/step.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import type { RevisionRecord } from '../state/record.ts';

/** What a strategy is told of one service's rollout. */
export interface Rollout {
  address: Address;
  platform: string;
  desired: DesiredRevision;
  /** Has the traffic now; absent on the first deployment. */
  active: RevisionRecord | undefined;
  /** Everything else that is recorded of the service: kept ones and leftovers of broken runs. */
  others: readonly RevisionRecord[];
  /** Must have succeeded before anything of the revision runs. */
  needs: readonly string[];
  /** The step that builds the artifact, if it must be built. */
  build: string | undefined;
  tests: readonly { level: TestLevel; command: string }[];
  tags: Record<string, string>;
  dependsOn: Address[];
  protect: boolean;
  timeoutMs: number | undefined;
}

/** What a strategy emitted. */
export interface EmittedRollout {
  /** When this has succeeded the service is as wanted, answers, and dependents may go on. */
  ready: string[];
  /** Removes what was replaced; called with what must have succeeded before, when all rollouts are known. */
  retire: (needs: readonly string[]) => void;
}

/** A strategy is a pure function that emits steps at plan time, so that a person sees the whole rollout before. */
export type Strategy = (rollout: Rollout, drafts: StepDrafts) => EmittedRollout;

/** What every strategy's steps share. */
export class RolloutSteps {
  readonly #rollout: Rollout;
  readonly #drafts: StepDrafts;

  constructor(rollout: Rollout, drafts: StepDrafts) {
    this.#rollout = rollout;
    this.#drafts = drafts;
  }

  get spec(): ServiceSpec {
    return this.#rollout.desired.spec;
  }

  migrate(needs: readonly string[]): string[] {
    const { migrations } = this.spec;
    if (!migrations) return [...needs];
    const work = { action: 'migrate', input: { revision: this.#rollout.desired, migrations } } as const;
    return [this.#add('migrate', work, needs, this.#rollout.timeoutMs)];
  }

  stage(needs: readonly string[]): string[] {
    const { desired, tags, dependsOn, protect } = this.#rollout;
    return [this.#add('stage', { action: 'stage', input: { revision: desired, tags, dependsOn, protect } }, needs)];
  }

  /** Probe, then each test, one after another, against the revision alone. */
  check(needs: readonly string[]): string[] {
    const { desired, tests, timeoutMs } = this.#rollout;
    const revision = desired.id;
    const deadline = this.spec.health.deadlineMs + 30_000;
    let last = this.#add('probe', { action: 'probe', input: { revision, health: this.spec.health } }, needs, deadline);
    for (const { level, command } of tests) {
      last = this.#add(`test-${level}`, { action: 'test', input: { revision, level, command } }, [last], timeoutMs, 0);
    }
    return [last];
  }

  switch(
    suffix: string,
    weights: Record<string, number>,
    roles: Record<string, RevisionRecord['role']>,
    needs: readonly string[],
  ): string[] {
    return [this.#add(suffix, { action: 'switch', input: { weights, roles } }, needs)];
  }

  verify(needs: readonly string[]): string[] {
    const input = { revision: this.#rollout.desired.id, health: this.spec.health };
    return [this.#add('verify', { action: 'verify', input }, needs, this.spec.health.deadlineMs + 30_000)];
  }

  drain(revision: string, drainMs: number, needs: readonly string[]): string[] {
    return [this.#add('drain', { action: 'drain', input: { revision, drainMs } }, needs, drainMs + 30_000)];
  }

  retire(revision: RevisionRecord, needs: readonly string[]): string[] {
    const work = { action: 'retire', input: { revision: revision.id } } as const;
    return [this.#add(`retire-${revision.id}`, work, needs, revision.spec.stopGraceMs + 30_000)];
  }

  #add(
    suffix: string,
    work: Parameters<StepDrafts['service']>[3],
    needs: readonly string[],
    timeoutMs?: number,
    retries?: number,
  ): string {
    const { address, platform, desired, active } = this.#rollout;
    // What is known now was compared by the planner; what isn't is compared again by each step.
    const mayRun = active !== undefined && active.id !== desired.id && isUnresolved(desired.spec.env);
    return this.#drafts.service(address, platform, suffix, work, {
      needs: [...needs],
      ...(mayRun ? { unless: desired } : {}),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(retries === undefined ? {} : { retries }),
    });
  }
}
