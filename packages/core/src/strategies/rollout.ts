import type { Address } from '../address.ts';
import type { TestLevel } from '../config/project.ts';
import type { DesiredRevision } from '../plan/step.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import type { RevisionRecord, ServiceRecord } from '../state/record.ts';

/** What a strategy is told of one service's rollout. */
export interface Rollout {
  address: Address;
  platform: string;
  desired: DesiredRevision;
  /** How many instances of it there are to be. */
  instances: number;
  /** How many of a revision the platform has room for. */
  mostInstances: number;
  /** Has the traffic now; absent on the first deployment. */
  active: RevisionRecord | undefined;
  /** Everything else that is recorded of the service: kept ones and leftovers of broken runs. */
  others: readonly RevisionRecord[];
  /** How the traffic is distributed now. */
  traffic: Pick<ServiceRecord, 'weights' | 'routes'> | undefined;
  /** Must have succeeded before anything of the revision runs. */
  needs: readonly string[];
  /** The step that builds the artifact, if it must be built. */
  build: string | undefined;
  /** Whether the platform makes releases available before they run. */
  publishes: boolean;
  tests: readonly { level: TestLevel; command: string }[];
  tags: Record<string, string>;
  dependsOn: Address[];
  protect: boolean;
  timeoutMs: number | undefined;
  /** Whether other services move with it, each of their steps waiting for those of the others. */
  inLockstep: boolean;
}

/** One movement of traffic: the step that begins it, and those after which others may go on. */
export interface Move {
  begins: string;
  ends: string[];
}

/** What a strategy emitted. */
export interface EmittedRollout {
  /** When these have succeeded the new revision works without traffic, and the first movement may begin. */
  checked: string[];
  /** The movements of traffic from the old revision to the new one, in order. */
  moves: Move[];
  /** When this has succeeded the service is as wanted, answers, and dependents may go on. */
  ready: string[];
  /** Removes what was replaced; called with what must have succeeded before, when all rollouts are known. */
  retire: (needs: readonly string[]) => void;
  /** What a person should know of it before. */
  note?: string;
}

/** A strategy is a pure function that emits steps at plan time, so that a person sees the whole rollout before. */
export type Strategy = (rollout: Rollout, drafts: StepDrafts) => EmittedRollout;
