import { describeError } from '../errors.ts';
import { ReadyQueue } from '../graph/ready-queue.ts';
import { longestRemaining, scheduleItem } from '../graph/schedule.ts';
import type { Step } from '../plan/step.ts';
import type { AttemptEnd } from './attempt.ts';
import { type Clock, realClock } from './clock.ts';
import type { ExecuteOptions, ExecutionResult } from './execution.ts';
import { giveUp } from './giving-up.ts';
import type { Settlement, StepOutcome } from './handler.ts';
import { HandlerCalls } from './handler-calls.ts';
import { Horizons } from './horizons.ts';
import { endsBeside, hasNoEffect, letsTimePass } from './kinds-of-waiting.ts';
import { foldPast, type PastStep, whereItStands } from './past.ts';
import { PeopleGate } from './people-gate.ts';
import { Retries } from './retries.ts';
import { isWeaker, listenForStops, type Stop, statusAfter } from './run-stop.ts';
import { StepBoard } from './step-board.ts';
import { hadNoEffect, stepIncomplete, stepStopped, stepTimeout, stillAtWork } from './step-errors.ts';
import { StepOutcomes } from './step-outcomes.ts';
import { StepQueue } from './step-queue.ts';
import { StepRecorder } from './step-recorder.ts';

/**
 * Runs a plan: the only engine. What earlier runs left in doubt is settled first; then each step starts as
 * soon as what it needs is done and the limits leave a slot, longest remaining path first; what only lets time pass
 * takes none. An intent is durable before its handler is called. Resolves when nothing runs any more and every outcome
 * is durable.
 *
 * Rejects with the journal's error when it can't be written any more (what ran was aborted; a resume settles
 * it), and before any effect with `cycle`, `plan-invalid` or `limit-invalid`. A failed step is a result.
 * The plan's `timeoutMs` counts from this call; a resumed run has it anew, as has each step its attempts.
 */
export async function execute(options: ExecuteOptions): Promise<ExecutionResult> {
  return new Run(options).start();
}

class Run {
  readonly #options: ExecuteOptions;
  readonly #steps: readonly Step[];
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #board: StepBoard;
  /** Left in doubt by earlier runs: settled before anything runs. */
  readonly #doubts: ReadyQueue;
  readonly #ready: StepQueue;
  readonly #gate: PeopleGate;
  readonly #horizons: Horizons;
  /** Running steps whose rollout will not succeed any more, with the reason: they end as cancelled. */
  readonly #ending = new Map<number, string>();
  /** Attempts journalled, those of earlier runs included. */
  readonly #attempts: Int32Array;
  readonly #record: StepRecorder;
  readonly #calls: HandlerCalls;
  readonly #retries: Retries;
  readonly #outcomes: StepOutcomes;
  #cleanUp = (): void => {};
  readonly #result = Promise.withResolvers<ExecutionResult>();
  readonly #killed = Promise.withResolvers<void>();
  #stage: 'settling' | 'running' = 'settling';
  /** Why nothing new starts. A later one replaces an earlier one that is weaker. */
  #stop: Stop | undefined;
  /** The journal's error: nothing may be written or begun. */
  #halted: { error: unknown } | undefined;
  #ended = false;

  constructor(options: ExecuteOptions) {
    this.#options = options;
    this.#steps = options.plan.steps;
    this.#clock = options.clock ?? realClock;
    this.#random = options.random ?? Math.random;
    const { classify } = options;
    this.#retries = new Retries({ steps: this.#steps, clock: this.#clock, random: this.#random, classify });
    this.#board = new StepBoard(this.#steps);
    const priority = longestRemaining(this.#steps.map(scheduleItem), this.#board.index);
    this.#doubts = new ReadyQueue(this.#steps, priority, options.plan.limits);
    this.#ready = new StepQueue(this.#steps, priority, options.plan.limits);
    this.#attempts = new Int32Array(this.#steps.length);
    this.#gate = this.#peopleGate();
    this.#horizons = new Horizons(this.#steps);
    this.#record = new StepRecorder(options.journal, (error) => this.#halt(error));
    this.#calls = this.#handlerCalls();
    this.#outcomes = this.#stepOutcomes();
  }

  #peopleGate(): PeopleGate {
    const { control, waitForPerson, lastLook, onWaiting } = this.#options;
    return new PeopleGate({
      control,
      waitForPerson,
      lastLook,
      onWaiting: (waiting) => {
        if (!this.#stop) onWaiting?.(waiting);
      },
      isHeldUp: (paused, allowed) => {
        const runs = this.#stage === 'running' && !this.#stop && !this.#isDead();
        const nothingStarts = (paused || this.#ready.size === 0) && this.#retries.size === 0;
        return runs && nothingStarts && this.#ready.isIdle(allowed);
      },
      watches: (n) => this.#steps[n]!.action === 'watch',
      suspend: () => this.#stopFor('suspend', 'it waits for a person.'),
    });
  }

  #handlerCalls(): HandlerCalls {
    return new HandlerCalls({
      options: this.#options,
      clock: this.#clock,
      random: this.#random,
      journal: this.#record.forSteps(),
      waiting: (n, reason) => this.#waitForPerson(n, reason),
      over: (n) => this.#horizons.over(this.#id(n)),
      isHurried: () => this.#isDead() || this.#stop?.kind === 'cancel',
      isDead: () => this.#isDead(),
    });
  }

  #stepOutcomes(): StepOutcomes {
    return new StepOutcomes({
      steps: this.#steps,
      record: this.#record,
      attempt: (n) => this.#attempts[n]!,
      succeeded: (n) => {
        this.#calls.forget(n);
        this.#ending.delete(n);
        this.#horizons.succeeded(this.#id(n));
        this.#queue(this.#board.succeed(n));
      },
      lost: (n, status) => this.#lose(n, status),
    });
  }

  async start(): Promise<ExecutionResult> {
    this.#takeUp(foldPast(this.#options.past ?? []));
    this.#cleanUp = listenForStops(this.#options, this.#clock, {
      kill: () => this.#kill(),
      stop: (kind, reason) => this.#stopFor(kind, reason),
      changed: () => this.#pump(),
    });
    this.#pump();
    try {
      const result = await this.#result.promise;
      await Promise.race([this.#record.durable(), this.#killed.promise]);
      return result;
    } finally {
      this.#cleanUp();
    }
  }

  // --- what is known when it begins ---

  #takeUp(past: ReadonlyMap<string, PastStep>): void {
    for (const [id, known] of past) {
      const n = this.#board.index.numberOf.get(id);
      if (n === undefined) continue;
      this.#attempts[n] = known.attempts;
      this.#calls.remember(n, known.notes);
      const stands = whereItStands(id, known, this.#options.settle);
      if (stands.as === 'succeeded') {
        this.#board.succeed(n);
        this.#horizons.succeeded(id);
      } else if (stands.as === 'not-done') this.#record.settled(id, 'not-done', stands.how);
      else if (stands.as === 'done') this.#outcomes.settleAsDone(n, { changes: [] }, stands.how, 0);
      else if (stands.as === 'doubt') {
        this.#board.mark(n, stands.status);
        if (stands.look !== undefined) this.#outcomes.remember(n, stands.look);
        this.#doubts.push(n);
      }
    }
  }

  // --- what starts when ---

  #pump(): void {
    if (this.#ended) return;
    if (this.#halted) {
      this.#endWhenQuiet();
      return;
    }
    const paused = !this.#stop && (this.#options.control?.paused() ?? false);
    if (this.#stage === 'settling') {
      // What was begun must be known, also while it is paused: only a cancel leaves doubts unsettled.
      const maySettle = this.#stop?.kind !== 'cancel';
      if (maySettle) this.#startAll(this.#doubts, (n) => this.#settleDoubt(n));
      if (this.#doubts.running > 0 || (this.#doubts.size > 0 && maySettle)) return;
      this.#stage = 'running';
      this.#queue(this.#steps.keys().filter((n) => this.#board.isReady(n)));
    }
    if (!this.#stop && !paused) this.#startAll(this.#ready, (n) => this.#runStep(n));
    if (this.#stop || (this.#ready.size === 0 && this.#retries.size === 0)) this.#endWhenQuiet();
    this.#gate.check();
  }

  /** What became ready while doubts are settled is found when that is over. */
  #queue(ready: Iterable<number>): void {
    if (this.#stage === 'settling' || this.#options.settleOnly) return;
    for (const n of ready) this.#ready.push(n);
  }

  #startAll(queue: Pick<StepQueue, 'take' | 'release'>, work: (n: number) => Promise<void>): void {
    for (let n = queue.take(); n >= 0; n = queue.take()) {
      const taken = n;
      const free = () => {
        queue.release(taken);
        this.#pump();
      };
      void work(taken)
        .catch((error: unknown) => this.#halt(error))
        .then(free);
    }
  }

  // --- one step ---

  async #runStep(n: number): Promise<void> {
    const step = this.#steps[n]!;
    this.#retries.begin(n);
    // Its rollout failed while it waited for a slot.
    if (this.#board.status(n) === 'skipped' || this.#board.status(n) === 'cancelled') return;
    this.#retries.count(n);
    const number = ++this.#attempts[n]!;
    this.#board.mark(n, 'running');
    await this.#record.started(step.id, number, this.#options.token(step.id));
    if (this.#isDead()) return;
    // The run stopped while the intent became durable: the handler was never called, so nothing happened.
    const reason = this.#stop?.reason ?? this.#ending.get(n);
    if (reason !== undefined) return this.#cancelStep(n, reason);
    const end = await this.#calls.run(n, number);
    this.#gate.waiting.remove(n);
    if (this.#isDead() || (this.#stop?.kind === 'suspend' && end.kind !== 'returned' && end.stopped)) return;
    if (end.kind === 'returned') this.#outcomes.succeed(n, end.value, end.durationMs);
    else await this.#afterFailedAttempt(n, end);
  }

  async #afterFailedAttempt(n: number, end: Exclude<AttemptEnd<StepOutcome>, { kind: 'returned' }>): Promise<void> {
    const step = this.#steps[n]!;
    const why = () => this.#stop?.reason ?? this.#ending.get(n);
    const thrown = end.kind === 'threw' ? end.error : stepStopped(step, why() ?? '');
    const error = end.stopped === 'timeout' ? stepTimeout(step) : thrown;
    const settlement: Settlement = hadNoEffect(thrown)
      ? { as: 'not-done', how: '' }
      : await this.#calls.look(n, this.#attempts[n]!, end.kind === 'threw' && !end.stopped ? thrown : undefined);
    if (this.#isDead()) return;
    if (settlement.as === 'not-done' && settlement.changes) {
      this.#record.settled(step.id, 'not-done', settlement.how, settlement.changes);
    }
    if (settlement.as === 'done') {
      this.#outcomes.settleAsDone(n, settlement.outcome, settlement.how, end.durationMs);
    } else if (settlement.as === 'incomplete') {
      this.#outcomes.settleAsIncomplete(n, settlement, error, end.durationMs);
    } else if (settlement.as === 'unknown') {
      this.#outcomes.leaveUnknown(n, settlement.look);
    } else if (end.kind === 'abandoned' && !hasNoEffect(step)) {
      this.#outcomes.leaveUnknown(n, stillAtWork(step));
    } else if (end.stopped === 'told' && why() !== undefined) {
      this.#cancelStep(n, why()!);
    } else if (!this.#stop && this.#retries.may(n, error, end.stopped === 'timeout')) {
      this.#retryLater(n, error, end.durationMs);
    } else {
      this.#outcomes.fail(n, error, end.durationMs);
    }
  }

  async #settleDoubt(n: number): Promise<void> {
    const step = this.#steps[n]!;
    const since = this.#clock.now();
    const settlement = await this.#calls.look(n, this.#attempts[n]!);
    if (this.#isDead()) return;
    const tookMs = Math.round(this.#clock.now() - since);
    this.#outcomes.forget(n);
    if (settlement.as === 'done') {
      this.#outcomes.settleAsDone(n, settlement.outcome, settlement.how, tookMs);
    } else if (settlement.as === 'incomplete') {
      this.#outcomes.settleAsIncomplete(n, settlement, stepIncomplete(step, settlement.how), tookMs);
    } else if (settlement.as === 'unknown') {
      this.#outcomes.leaveUnknown(n, settlement.look);
    } else {
      this.#record.settled(step.id, 'not-done', settlement.how, settlement.changes);
      this.#board.mark(n, 'pending');
    }
  }

  // --- outcomes ---

  /** What the policy makes of a step that won't succeed in this run. */
  #lose(n: number, status: 'failed' | 'unknown'): void {
    const what = `"${this.#id(n)}" ${status === 'failed' ? 'failed' : 'is in doubt'}`;
    if (this.#options.plan.onFailure === 'continue') {
      this.#giveUp(n, status, what);
      return;
    }
    this.#board.mark(n, status);
    this.#stopFor('failure', `${what}.`, n);
  }

  #cancelStep(n: number, reason: string): void {
    this.#ending.delete(n);
    this.#record.cancelled(this.#id(n), reason);
    if (this.#stop) this.#board.mark(n, 'cancelled');
    else this.#giveUp(n, 'cancelled', `"${this.#id(n)}" was stopped`);
  }

  #giveUp(n: number, status: 'failed' | 'unknown' | 'cancelled', what: string): void {
    const { skipped, ready, ends } = giveUp(n, status, this.#steps, this.#board, this.#horizons);
    for (const one of skipped) this.#record.skipped(this.#id(one), `${what}, and this needs it.`);
    this.#queue(ready);
    if (ends) this.#endRunning(ends, `${what}.`);
  }

  /** Ends what these steps wait for; one that has an effect right now may finish it, and nothing follows from it. */
  #endRunning(ends: (n: number) => boolean, reason: string): void {
    for (const n of this.#retries.callOff(ends)) this.#cancelStep(n, reason);
    for (const n of this.#steps.keys()) if (ends(n) && this.#board.isUnderWay(n)) this.#ending.set(n, reason);
    this.#calls.stopRuns(reason, (n) => ends(n) && letsTimePass(this.#steps[n]!));
  }

  #retryLater(n: number, error: unknown, durationMs: number): void {
    const retryInMs = this.#retries.later(n, () => {
      this.#queue([n]);
      this.#pump();
    });
    const failed = { attempt: this.#attempts[n]!, durationMs, error: describeError(error) };
    this.#record.retrying(this.#id(n), failed, retryInMs);
    this.#board.mark(n, 'waiting');
  }

  // --- waiting for people ---

  #waitForPerson(n: number, reason: string): () => void {
    this.#board.mark(n, 'waiting');
    this.#record.waiting(this.#id(n), reason);
    this.#gate.waiting.add(n, { step: this.#id(n), reason });
    this.#pump();
    return () => {
      if (!this.#gate.waiting.remove(n) || this.#isDead() || this.#stop?.kind === 'suspend') return;
      this.#board.mark(n, 'running');
      this.#record.waiting(this.#id(n), null);
    };
  }

  // --- the end ---

  /** `failed`: the step for which it stops. */
  #stopFor(kind: Stop['kind'], reason: string, failed?: number): void {
    if (this.#isDead() || !isWeaker(this.#stop, kind)) return;
    this.#stop = { kind, reason };
    for (const n of this.#retries.callOff()) this.#cancelStep(n, reason);
    const { onFailure } = this.#options.plan;
    const lost = failed !== undefined && onFailure === 'rollback' ? this.#steps[failed] : undefined;
    this.#calls.stopRuns(reason, (n) => kind !== 'failure' || endsBeside(this.#steps[n]!, lost));
    this.#pump();
  }

  #halt(error: unknown): void {
    if (this.#isDead()) return;
    this.#halted = { error };
    this.#retries.callOff();
    this.#calls.stopAll('the journal can not be written.');
    this.#pump();
  }

  #kill(): void {
    this.#killed.resolve();
    if (this.#ended) return;
    this.#stop = { kind: 'cancel', reason: 'the deployment was killed.' };
    this.#end();
    this.#retries.callOff();
    this.#calls.stopAll(this.#stop.reason);
  }

  #endWhenQuiet(): void {
    if (this.#doubts.running > 0 || this.#ready.running > 0) return;
    if (this.#halted) {
      this.#ended = true;
      this.#result.reject(this.#halted.error);
    } else {
      this.#end();
    }
  }

  #end(): void {
    this.#ended = true;
    const { failures, unknown } = this.#outcomes;
    const isBroken = failures.length > 0 || unknown.length > 0;
    this.#result.resolve({
      status: this.#board.open === 0 ? 'completed' : statusAfter(this.#stop, isBroken),
      steps: this.#board.snapshot(),
      failures,
      unknown,
    });
  }

  /** Nothing may be written or begun any more. */
  #isDead(): boolean {
    return this.#ended || this.#halted !== undefined;
  }

  #id(n: number): string {
    return this.#steps[n]!.id;
  }
}
