import type { DeploymentStatus, ErrorRecord, LockState, Plan, Step } from '@slipway/core';

/** One step that runs or ran, as people see it. */
export interface StepProgress {
  /** Counted in order of start: the n-th step of so many. */
  number: number;
  id: string;
  subject: string;
  action: string;
  estimateMs: number;
  /** In ms, by the clock of the observer. */
  startedAt: number;
  attempt: number;
  /** The last lines of its output. */
  tail: string[];
  /** How many lines there were in all. */
  lines: number;
  /** What a person is waited for, while it waits for one. */
  waiting?: string | undefined;
  /** When a hold is over, in ms by the clock of the observer. */
  endsAt?: number | undefined;
  /** What was found so far, of an analysis. */
  finding?: string | undefined;
  /** Set while it waits for its next attempt. */
  retryAt: number | undefined;
  error: ErrorRecord | undefined;
}

/** One deployment of the run. */
export interface Phase {
  deployment: string;
  plan: Plan;
  steps: ReadonlyMap<string, Step>;
  startedAt: number;
  /** In order of start. */
  running: Map<string, StepProgress>;
  /** How many were started, those of an earlier run included. */
  numbered: number;
  /** Steps that will not be touched any more, those of an earlier run included. */
  over: Set<string>;
  failed: number;
  status: DeploymentStatus;
  /** Shares of the traffic as the newest switch set them, by service address. */
  weights?: Map<string, Readonly<Record<string, number>>>;
}

/** How many of a phase's steps will not be touched any more. */
export function stepsOver({ over }: Phase): number {
  return over.size;
}

export type Outcome = 'succeeded' | 'unchanged' | 'failed' | 'skipped' | 'cancelled' | 'unknown' | 'settled';

/** Whether the step is done, by this run or before. */
export function wentWell(outcome: Outcome): boolean {
  return outcome === 'succeeded' || outcome === 'unchanged' || outcome === 'settled';
}

/** What an event means for people. */
export type Happening =
  /** `follows`: it takes back the one before, by itself. */
  | { kind: 'phase'; phase: Phase; follows: boolean }
  | { kind: 'started'; step: StepProgress; phase: Phase }
  | { kind: 'retrying'; step: StepProgress; error: ErrorRecord; inMs: number }
  | {
      kind: 'finished';
      step: StepProgress;
      phase: Phase;
      outcome: Outcome;
      durationMs: number;
      /** How many steps of the phase are over with this one. */
      over: number;
      error?: ErrorRecord;
      reason?: string;
    }
  | { kind: 'log'; step: StepProgress; line: string }
  | { kind: 'call'; step: string; call: string; durationMs: number; error?: string }
  | { kind: 'status'; phase: Phase; status: DeploymentStatus; reason: string | undefined }
  | { kind: 'waiting-for-lock'; lock: LockState };
