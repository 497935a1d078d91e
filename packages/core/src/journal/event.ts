import type { ErrorRecord } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { PlanKind } from '../plan/plan.ts';
import type { StateChange } from '../state/record.ts';
import type { ControlRequest } from './store.ts';

export type DeploymentStatus =
  | 'pending'
  | 'validating'
  | 'in_progress'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'rolling_back'
  | 'rolled_back'
  | 'timed_out'
  | 'cancelled';

/** What a build made, and out of what. */
export interface BuiltArtifact {
  /** Of the source and the build; by it the artifact is found again. */
  fingerprint: string;
  /** Of the content. */
  digest: string;
  sizeBytes: number;
}

/** What happened, by type. */
export type EventBody =
  /** The plan is stored beside, under its digest. `snapshot`: the sequence number whose state is the snapshot. */
  | {
      type: 'deployment.started';
      data: {
        kind: PlanKind;
        plan: string;
        ship: string;
        snapshot: number;
        by: string;
        command: string;
        rollbackOf?: string;
      };
    }
  | { type: 'deployment.status'; data: { status: DeploymentStatus; reason?: string } }
  /** A person's wish that was obeyed: `number` is the request's. So none is lost, and none obeyed twice. */
  | {
      type: 'deployment.asked';
      data: { number: number; what: ControlRequest['what']; by: string; reason: string | null };
    }
  /** A killed or stopped run goes on, under the same id. */
  | { type: 'deployment.resumed'; data: { by: string; epoch: number } }
  | {
      type: 'deployment.ended';
      data: { status: DeploymentStatus; durationMs: number; error?: ErrorRecord; rollback?: string };
    }
  /** The intent: durable before the effect. `token` is the same for every attempt and after a resume. */
  | { type: 'step.started'; data: { attempt: number; token: string } }
  /** A fact that must be durable in the middle of a step, such as the level before a migration. */
  | { type: 'step.noted'; data: { note: JsonObject } }
  /** It waits for a person, and for what; null: it goes on. */
  | { type: 'step.waiting'; data: { reason: string | null } }
  | { type: 'step.succeeded'; data: { durationMs: number; detail?: JsonValue; artifact?: BuiltArtifact } }
  /** One attempt failed; `final` when there will be no other. */
  | {
      type: 'step.failed';
      data: { attempt: number; durationMs: number; error: ErrorRecord; final: boolean; retryInMs?: number };
    }
  /** In doubt, and nothing could tell: a person must look. */
  | { type: 'step.unknown'; data: { look: string } }
  /** How a step that was in doubt was settled on resume. */
  | { type: 'step.settled'; data: { as: 'done' | 'not-done' | 'incomplete'; how: string } }
  | { type: 'step.skipped'; data: { reason: string } }
  | { type: 'step.cancelled'; data: { reason: string } }
  /** By hand or by import, outside any deployment. */
  | { type: 'state.changed'; data: { command: string; by: string } }
  | { type: 'lock.taken-over'; data: { from: string; reason: string } }
  /** The key was lost: from here on another one seals. What stands before is proven by the chain and anchors alone. */
  | { type: 'key.replaced'; data: { by: string } };

export type EventType = EventBody['type'];

/** What a writer hands to the store; the store adds sequence number, time-ordered chain and hash. */
export type NewEvent = EventBody & {
  deployment: string | null;
  step: string | null;
  /** ISO 8601 UTC. */
  at: string;
  /** Applied to the recorded state in the same transaction; part of what the hash covers. */
  changes?: StateChange[];
};

/** A record of the journal. */
export type JournalEvent = NewEvent & {
  environment: string;
  /** 1, 2, 3, … without gaps, per environment. */
  seq: number;
  /** The writer's epoch. */
  epoch: number;
  /** Hash of the record before; 64 zeros for the first. */
  previous: string;
  /** SHA-256, hex, over `previous` and the record's content. */
  hash: string;
};
