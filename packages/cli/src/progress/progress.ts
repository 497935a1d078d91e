import {
  type ErrorRecord,
  type JournalEvent,
  type JsonObject,
  leftAsIs,
  type Plan,
  type SlipwayEvent,
} from '@slipway/core';
import { type Happening, type Outcome, type Phase, type StepProgress, stepsOver } from './happening.ts';

const TAIL_LINES = 10;

/**
 * What a run looks like while it goes on, kept up to date from its events. Pure: the clock comes in, nothing
 * is printed. Constant work for an event, however many steps there are.
 */
export class Progress {
  /** What was shown last of each deployment: an automatic rollback runs as a second one. */
  readonly #phases = new Map<string, Phase>();
  #current: Phase | undefined;
  /** Steps that failed for good or are in doubt, with the end of their output; at most 20. */
  readonly troubled: StepProgress[] = [];
  readonly #doneBefore: ReadonlySet<string>;

  /** `doneBefore`: steps that an earlier run of the same deployment has done. */
  constructor(doneBefore: Iterable<string> = []) {
    this.#doneBefore = new Set(doneBefore);
  }

  /** The deployment that runs now. */
  get current(): Phase | undefined {
    return this.#current;
  }

  /** True while a deployment of this run is taken back by itself; a way back that a person asked for isn't meant. */
  get takesBack(): boolean {
    return [...this.#phases.values()].some(({ status }) => status === 'rolling_back');
  }

  /** The plan that the first deployment of this run follows. */
  get plan(): Plan | undefined {
    return this.#phases.values().next().value?.plan;
  }

  /** Takes an event in and says what it means for people. `now` in ms. */
  observe(event: SlipwayEvent, now: number): Happening | undefined {
    switch (event.kind) {
      case 'planned':
        return undefined;
      case 'started':
        return this.#begin(event.deployment, event.plan, now);
      case 'journal':
        return this.#observeJournal(event.event, now);
      case 'log':
        return this.#takeLog(event.step, event.line);
      case 'call':
        return event;
      case 'waiting-for-lock':
        return { kind: 'waiting-for-lock', lock: event.holder };
    }
  }

  #begin(deployment: string, plan: Plan, now: number): Happening {
    const steps = new Map(plan.steps.map((step) => [step.id, step]));
    const done = this.#phases.size === 0 ? plan.steps.filter(({ id }) => this.#doneBefore.has(id)) : [];
    const phase: Phase = {
      deployment,
      plan,
      steps,
      startedAt: now,
      running: new Map(),
      numbered: done.length,
      over: new Set(done.map(({ id }) => id)),
      failed: 0,
      status: 'in_progress',
      weights: new Map(),
    };
    const follows = this.#phases.size > 0;
    this.#phases.set(deployment, phase);
    this.#current = phase;
    return { kind: 'phase', phase, follows };
  }

  #takeLog(id: string, line: string): Happening | undefined {
    const step = this.#current?.running.get(id);
    if (!step) return undefined;
    step.tail.push(line);
    if (step.tail.length > TAIL_LINES) step.tail.shift();
    step.lines += 1;
    return { kind: 'log', step, line };
  }

  #observeJournal(event: JournalEvent, now: number): Happening | undefined {
    const phase = event.deployment === null ? undefined : this.#phases.get(event.deployment);
    if (!phase) return undefined;
    if (event.step === null) return observeDeployment(phase, event);
    switch (event.type) {
      case 'step.started':
        return this.#start(phase, event.step, event.data.attempt, now);
      case 'step.waiting':
        return wait(phase, event.step, event.data.reason);
      case 'step.noted':
        return takeNote(phase, event.step, event.data.note, now);
      case 'step.succeeded':
        switched(phase, event.step);
        return finish(
          phase,
          event.step,
          leftAsIs(event.data) === undefined ? 'succeeded' : 'unchanged',
          event.data.durationMs,
        );
      case 'step.failed':
        return this.#fail(phase, event.step, event.data, now);
      case 'step.unknown':
        return this.#doubt(phase, event.step, event.data.look);
      case 'step.settled':
        return event.data.as === 'done'
          ? finish(phase, event.step, 'settled', 0, { reason: event.data.how })
          : undefined;
      case 'step.skipped':
      case 'step.cancelled':
        return finish(phase, event.step, event.type === 'step.skipped' ? 'skipped' : 'cancelled', 0, event.data);
      default:
        return undefined;
    }
  }

  #start(phase: Phase, id: string, attempt: number, now: number): Happening {
    const again = phase.running.get(id);
    if (again) {
      again.attempt = attempt;
      again.startedAt = now;
      again.retryAt = undefined;
      return { kind: 'started', step: again, phase };
    }
    phase.numbered += 1;
    const step = newStep(phase, id, { attempt, now });
    phase.running.set(id, step);
    return { kind: 'started', step, phase };
  }

  #fail(
    phase: Phase,
    id: string,
    data: { durationMs: number; error: ErrorRecord; final: boolean; retryInMs?: number },
    now: number,
  ): Happening | undefined {
    const step = phase.running.get(id) ?? newStep(phase, id, { attempt: 1, now });
    step.error = data.error;
    if (!data.final) {
      step.retryAt = now + (data.retryInMs ?? 0);
      return { kind: 'retrying', step, error: data.error, inMs: data.retryInMs ?? 0 };
    }
    this.#remember(step);
    return finish(phase, id, 'failed', data.durationMs, { error: data.error });
  }

  #doubt(phase: Phase, id: string, look: string): Happening | undefined {
    this.#remember(phase.running.get(id) ?? newStep(phase, id, { attempt: 1, now: phase.startedAt }));
    return finish(phase, id, 'unknown', 0, { reason: look });
  }

  #remember(step: StepProgress): void {
    if (this.troubled.length < 20) this.troubled.push(step);
  }
}

function newStep(phase: Phase, id: string, { attempt, now }: { attempt: number; now: number }): StepProgress {
  const planned = phase.steps.get(id);
  return {
    number: phase.numbered,
    id,
    subject: planned?.subject ?? id.slice(0, id.lastIndexOf('/')),
    // More than the plan's action: `test-e2e` of `service:web/test-e2e`.
    action: id.slice(id.lastIndexOf('/') + 1),
    estimateMs: planned?.estimateMs ?? 0,
    startedAt: now,
    attempt,
    waiting: undefined,
    endsAt: planned?.action === 'hold' ? now + planned.input.durationMs : undefined,
    finding: undefined,
    tail: [],
    lines: 0,
    retryAt: undefined,
    error: undefined,
  };
}

function wait(phase: Phase, id: string, reason: string | null): Happening | undefined {
  const step = phase.running.get(id);
  if (!step) return undefined;
  step.waiting = reason ?? undefined;
  return reason === null ? undefined : { kind: 'log', step, line: `waits: ${reason}` };
}

/** Holds note when they began, analyses what they measured: a run that was taken up goes on counting from there. */
function takeNote(phase: Phase, id: string, note: JsonObject, now: number): undefined {
  const step = phase.running.get(id);
  if (!step) return;
  const planned = phase.steps.get(id);
  if (planned?.action === 'hold' && typeof note.startedAt === 'number') {
    step.endsAt = Math.max(now, note.startedAt + planned.input.durationMs);
  }
  const { measured } = note as { measured?: { metric?: string; verdict?: string; why?: string } };
  if (measured) step.finding = `${measured.metric} ${measured.verdict}: ${measured.why}`;
}

function switched(phase: Phase, id: string): void {
  const step = phase.steps.get(id);
  if (step?.action === 'switch') phase.weights?.set(step.subject, step.input.weights);
}

function observeDeployment(phase: Phase, event: JournalEvent): Happening | undefined {
  if (event.type === 'deployment.status') {
    phase.status = event.data.status;
    return { kind: 'status', phase, status: event.data.status, reason: event.data.reason };
  }
  if (event.type === 'deployment.ended') phase.status = event.data.status;
  return undefined;
}

/** A step that was settled succeeds too, right after: only what comes first counts, and is told. */
function finish(
  phase: Phase,
  id: string,
  outcome: Outcome,
  durationMs: number,
  why: { error?: ErrorRecord; reason?: string } = {},
): Happening | undefined {
  if (phase.over.has(id)) return undefined;
  const step = phase.running.get(id) ?? newStep(phase, id, { attempt: 0, now: phase.startedAt });
  phase.running.delete(id);
  phase.over.add(id);
  if (outcome === 'failed' || outcome === 'unknown') phase.failed += 1;
  return { kind: 'finished', step, phase, outcome, durationMs, over: stepsOver(phase), ...why };
}
