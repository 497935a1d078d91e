import { nameOf } from '../address.ts';
import type { ErrorRecord } from '../errors.ts';
import type { JournalEvent } from '../journal/event.ts';
import { leftAsIs } from '../journal/left-as-is.ts';
import type { DeploymentHeader } from '../journal/store.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { Plan } from '../plan/plan.ts';
import type { State } from '../state/record.ts';
import type { DeploymentReport, RollbackReport, StepReport } from './report.ts';

/** How many measurements of a step are kept in its report. */
const MOST_MEASUREMENTS = 1_000;

/** What a report is projected from. */
export interface ReportSources {
  header: DeploymentHeader;
  plan: Plan;
  progress: DeploymentProgress;
  /** As recorded when the deployment ended, or now while it runs. */
  state: State;
}

/** How far a deployment's steps have come, folded out of its journal event by event. */
export class DeploymentProgress {
  /** What it ended with, unless that was success. */
  error: ErrorRecord | undefined;
  /** What it waits for, while it waits for a person. */
  waiting: string | undefined;
  readonly #steps = new Map<string, StepReport>();

  constructor(plan: Plan) {
    for (const { id, action, subject, estimateMs } of plan.steps) {
      this.#steps.set(id, {
        id,
        action,
        subject,
        status: 'pending',
        attempts: 0,
        startedAt: null,
        durationMs: null,
        estimateMs,
      });
    }
  }

  /** As planned. */
  get steps(): StepReport[] {
    return [...this.#steps.values()];
  }

  /** Takes the deployment's own events, oldest first, each once. */
  add(event: JournalEvent): void {
    const step = event.step === null ? undefined : this.#steps.get(event.step);
    if (step) applyToStep(step, event);
    if (event.type === 'deployment.status') {
      this.waiting = event.data.status === 'waiting' ? event.data.reason : undefined;
    }
    if (event.type === 'deployment.ended') {
      this.error = event.data.error;
      this.waiting = undefined;
    }
    if (event.type === 'deployment.resumed') this.error = undefined;
  }
}

/** Projects one deployment's journal into what people and scripts read. Pure. */
export function projectReport({ header, plan, progress, state }: ReportSources): DeploymentReport {
  const outputs: Record<string, JsonObject> = {};
  const urls: Record<string, string> = {};
  for (const change of plan.changes) {
    const record = state.get(change.address);
    if (!record) continue;
    outputs[change.address] = record.outputs;
    if (record.kind === 'service' && typeof record.outputs.url === 'string')
      urls[nameOf(change.address)] = record.outputs.url;
  }
  const from = plan.from ? { from: plan.from } : {};
  const waiting = progress.waiting === undefined ? {} : { waiting: progress.waiting };
  return { ...summaryOf(header, undefined, progress.error), ...from, ...waiting, steps: progress.steps, outputs, urls };
}

/** A deployment without its steps, as `history` lists it. */
export function summaryOf(
  header: DeploymentHeader,
  rollback?: RollbackReport,
  error: ErrorRecord | undefined = header.error ?? undefined,
): Omit<DeploymentReport, 'steps'> {
  const { id, kind, status, project, environment, ship, startedAt, endedAt, durationMs, counts } = header;
  return {
    version: 1,
    id,
    kind,
    status,
    project,
    environment,
    ship,
    startedAt,
    endedAt,
    durationMs,
    counts,
    outputs: {},
    urls: {},
    ...(error ? { error } : {}),
    ...(rollback ? { rollback } : {}),
  };
}

/** What a rollback brought back, removed, and failed at; from its own plan and report. */
export function rollbackReport(plan: Plan, report: Pick<DeploymentReport, 'id' | 'status' | 'steps'>): RollbackReport {
  const bySubject = new Map<string, StepReport[]>();
  for (const step of report.steps) {
    const known = bySubject.get(step.subject);
    if (known) known.push(step);
    else bySubject.set(step.subject, [step]);
  }
  const result: RollbackReport = { id: report.id, status: report.status, restored: [], destroyed: [], failed: [] };
  for (const { address, action } of plan.changes) {
    const steps = bySubject.get(address) ?? [];
    const missing = steps.find((step) => step.status !== 'succeeded');
    if (missing) result.failed.push({ subject: address, error: missing.error ?? notDone(missing) });
    else if (action === 'delete') result.destroyed.push(address);
    else if (action !== 'none') result.restored.push(address);
  }
  return result;
}

function notDone(step: StepReport): ErrorRecord {
  return { code: `step-${step.status}`, message: `${step.id} is ${step.status}.`, subject: step.subject };
}

function applyToStep(step: StepReport, event: JournalEvent): void {
  if (event.type !== 'step.noted') delete step.waiting;
  switch (event.type) {
    case 'step.started':
      step.status = 'running';
      step.attempts = event.data.attempt;
      step.startedAt ??= event.at;
      delete step.error;
      break;
    case 'step.succeeded': {
      const unchanged = leftAsIs(event.data);
      if (unchanged !== undefined) step.unchanged = unchanged;
      step.status = 'succeeded';
      step.durationMs = event.data.durationMs;
      delete step.error;
      delete step.look;
      const wish = wishIn(event.data.detail);
      if (wish) step.wish = wish;
      break;
    }
    case 'step.waiting':
      step.status = event.data.reason === null ? 'running' : 'waiting';
      if (event.data.reason !== null) step.waiting = event.data.reason;
      break;
    case 'step.noted':
      takeNote(step, event.data.note);
      break;
    case 'step.failed':
      step.status = event.data.final ? 'failed' : 'waiting';
      step.durationMs = event.data.durationMs;
      step.error = event.data.error;
      break;
    case 'step.unknown':
      step.status = 'unknown';
      step.look = event.data.look;
      break;
    case 'step.settled':
      if (event.data.as === 'not-done') step.status = 'pending';
      break;
    case 'step.skipped':
      step.status = 'skipped';
      step.error = { code: 'step-skipped', message: event.data.reason, subject: step.subject };
      break;
    case 'step.cancelled':
      step.status = 'cancelled';
      break;
  }
}

/** What analyses note: each measurement, and the verdict. One that begins anew forgets what it came to. */
function takeNote(step: StepReport, note: JsonObject): void {
  if (isObject(note.measured)) {
    step.measurements = [...(step.measurements ?? []).slice(1 - MOST_MEASUREMENTS), note.measured];
  } else if (isObject(note.verdict)) {
    step.verdict = note.verdict;
  } else if ('began' in note) {
    delete step.verdict;
    delete step.measurements;
  }
}

function wishIn(detail: JsonValue | undefined): StepReport['wish'] {
  if (!isObject(detail)) return undefined;
  const { what, ended, by, reason } = detail;
  const said = what ?? ended;
  if (typeof said !== 'string' || typeof by !== 'string') return undefined;
  return { what: said, by, reason: typeof reason === 'string' ? reason : null };
}
