import { describeError } from '../errors.ts';
import { ReadyQueue } from '../graph/ready-queue.ts';
import { longestRemaining, scheduleItem } from '../graph/schedule.ts';
import type { Step } from '../plan/step.ts';
import type { StateChange } from '../state/record.ts';
import type { AttemptEnd } from './attempt.ts';
import { backOff } from './back-off.ts';
import { type Clock, realClock } from './clock.ts';
import type { ExecuteOptions, ExecutionResult } from './execution.ts';
import type { Settlement, StepOutcome } from './handler.ts';
import { HandlerCalls } from './handler-calls.ts';
import { Horizons } from './horizons.ts';
import { givesWayBack, hasNoEffect, letsTimePass } from './kinds-of-waiting.ts';
import { type DoubtfulStanding, foldPast, type PastStep, STATUS_OF_DOUBT } from './past.ts';
import { PeopleGate } from './people-gate.ts';
import { isWeaker, listenForStops, type Stop } from './run-stop.ts';
import { StepBoard } from './step-board.ts';
import { hadNoEffect, stepIncomplete, stepStopped, stepTimeout, stillAtWork } from './step-errors.ts';
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

type Incomplete = Extract<Settlement, { as: 'incomplete' }>;

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
  /** Attempts of this run. */
  readonly #tries: Int32Array;
  readonly #record: StepRecorder;
  readonly #calls: HandlerCalls;
  /** Steps that failed and will be tried again, with the way to call that off. */
  readonly #retries = new Map<number, () => void>();
  readonly #failures: ExecutionResult['failures'] = [];
  readonly #looks = new Map<number, string>();
  #cleanups: (() => void)[] = [];
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
    this.#board = new StepBoard(this.#steps);
    const priority = longestRemaining(this.#steps.map(scheduleItem), this.#board.index);
    this.#doubts = new ReadyQueue(this.#steps, priority, options.plan.limits);
    this.#ready = new StepQueue(this.#steps, priority, options.plan.limits);
    this.#attempts = new Int32Array(this.#steps.length);
    this.#tries = new Int32Array(this.#steps.length);
    this.#gate = this.#peopleGate();
    this.#horizons = new Horizons(this.#steps);
    this.#record = new StepRecorder(options.journal, (error) => this.#halt(error));
    this.#calls = this.#handlerCalls();
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
    const { journal } = this.#options;
    return new HandlerCalls({
      options: this.#options,
      clock: this.#clock,
      random: this.#random,
      journal: {
        deployment: journal.deployment,
        environment: journal.environment,
        record: (address) => journal.record(address),
        append: (entry) => this.#record.append(entry),
      },
      waiting: (n, reason) => this.#waitForPerson(n, reason),
      over: (n) => this.#horizons.over(this.#id(n)),
      isHurried: () => this.#isDead() || this.#stop?.kind === 'cancel',
      isDead: () => this.#isDead(),
    });
  }

  async start(): Promise<ExecutionResult> {
    this.#takeUp(foldPast(this.#options.past ?? []));
    this.#listen();
    this.#pump();
    try {
      const result = await this.#result.promise;
      await Promise.race([this.#record.durable(), this.#killed.promise]);
      return result;
    } finally {
      for (const cleanUp of this.#cleanups) cleanUp();
    }
  }

  // --- what is known when it begins ---

  #takeUp(past: ReadonlyMap<string, PastStep>): void {
    for (const [id, known] of past) {
      const n = this.#board.index.numberOf.get(id);
      if (n === undefined) continue;
      this.#attempts[n] = known.attempts;
      this.#calls.remember(n, known.notes);
      if (known.standing === 'succeeded') {
        this.#board.succeed(n);
        this.#horizons.succeeded(id);
      } else if (known.standing !== 'open') this.#takeUpDoubt(n, known.standing, known.look);
    }
  }

  #takeUpDoubt(n: number, standing: DoubtfulStanding, look = ''): void {
    const id = this.#id(n);
    const how = 'a person looked and said so';
    if (this.#options.settle?.redo.has(id)) {
      this.#record.settled(id, 'not-done', how);
    } else if (this.#options.settle?.done.has(id)) {
      this.#settleAsDone(n, { changes: [] }, how, 0);
    } else {
      this.#board.mark(n, STATUS_OF_DOUBT[standing]);
      if (standing === 'unknown') this.#looks.set(n, look);
      this.#doubts.push(n);
    }
  }

  #listen(): void {
    this.#cleanups = listenForStops(this.#options, this.#clock, {
      kill: () => this.#kill(),
      stop: (kind, reason) => this.#stopFor(kind, reason),
      changed: () => this.#pump(),
    });
  }

  // --- what starts when ---

  #pump(): void {
    if (this.#ended) return;
    if (this.#halted) {
      this.#endWhenQuiet();
      return;
    }
    const { control, settleOnly } = this.#options;
    // A pause holds up neither the way back nor what must be known for it.
    const paused = !this.#stop && !settleOnly && (control?.paused() ?? false);
    if (this.#stage === 'settling') {
      // A rollback must know what is there: only a cancel leaves doubts unsettled.
      const maySettle = this.#stop?.kind !== 'cancel';
      if (maySettle && !paused) this.#startAll(this.#doubts, (n) => this.#settleDoubt(n));
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
    this.#retries.delete(n);
    // Its rollout failed while it waited for a slot.
    if (this.#board.status(n) === 'skipped' || this.#board.status(n) === 'cancelled') return;
    this.#tries[n]!++;
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
    if (end.kind === 'returned') this.#succeed(n, end.value, end.durationMs);
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
    if (settlement.as === 'done') {
      this.#settleAsDone(n, settlement.outcome, settlement.how, end.durationMs);
    } else if (settlement.as === 'incomplete') {
      this.#settleAsIncomplete(n, settlement, error, end.durationMs);
    } else if (settlement.as === 'unknown') {
      this.#leaveUnknown(n, settlement.look);
    } else if (end.kind === 'abandoned' && !hasNoEffect(step)) {
      this.#leaveUnknown(n, stillAtWork(step));
    } else if (end.stopped === 'told' && why() !== undefined) {
      this.#cancelStep(n, why()!);
    } else if (this.#mayRetry(n, error, end.stopped === 'timeout')) {
      this.#retryLater(n, error, end.durationMs);
    } else {
      this.#fail(n, error, end.durationMs);
    }
  }

  async #settleDoubt(n: number): Promise<void> {
    const step = this.#steps[n]!;
    const since = this.#clock.now();
    const settlement = await this.#calls.look(n, this.#attempts[n]!);
    if (this.#isDead()) return;
    const tookMs = Math.round(this.#clock.now() - since);
    this.#looks.delete(n);
    if (settlement.as === 'done') {
      this.#settleAsDone(n, settlement.outcome, settlement.how, tookMs);
    } else if (settlement.as === 'incomplete') {
      this.#settleAsIncomplete(n, settlement, stepIncomplete(step, settlement.how), tookMs);
    } else if (settlement.as === 'unknown') {
      this.#leaveUnknown(n, settlement.look);
    } else {
      this.#record.settled(step.id, 'not-done', settlement.how);
      this.#board.mark(n, 'pending');
    }
  }

  // --- outcomes ---

  #succeed(n: number, outcome: StepOutcome, durationMs: number): void {
    this.#record.succeeded(this.#id(n), outcome, durationMs);
    this.#calls.forget(n);
    this.#ending.delete(n);
    this.#horizons.succeeded(this.#id(n));
    this.#queue(this.#board.succeed(n));
  }

  #settleAsDone(n: number, outcome: StepOutcome, how: string, durationMs: number): void {
    this.#record.settled(this.#id(n), 'done', how);
    this.#succeed(n, outcome, durationMs);
  }

  #settleAsIncomplete(n: number, found: Incomplete, error: unknown, durationMs: number): void {
    this.#record.settled(this.#id(n), 'incomplete', found.how);
    this.#fail(n, error, durationMs, found.outcome.changes);
  }

  #fail(n: number, thrown: unknown, durationMs: number, changes: StateChange[] = []): void {
    const error = describeError(thrown);
    this.#record.failed(this.#id(n), { attempt: this.#attempts[n]!, durationMs, error }, changes);
    this.#failures.push({ step: this.#id(n), error });
    this.#lose(n, 'failed');
  }

  #leaveUnknown(n: number, look: string): void {
    this.#record.unknown(this.#id(n), look);
    this.#looks.set(n, look);
    this.#lose(n, 'unknown');
  }

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

  /** Other branches go on: what needs it doesn't, nor, when it watched a rollout, what is left of that rollout. */
  #giveUp(n: number, status: 'failed' | 'unknown' | 'cancelled', what: string): void {
    const { subject, until } = this.#steps[n]!;
    const isOfRollout = (one: number) => until !== undefined && this.#steps[one]!.subject === subject;
    const rollout = until ? [...this.#steps.keys()].filter(isOfRollout) : [];
    const { skipped, ready } = this.#board.lose(n, status, rollout);
    for (const one of skipped) this.#record.skipped(this.#id(one), `${what}, and this needs it.`);
    this.#queue(ready);
    const lost = new Set(this.#horizons.without([this.#id(n), ...skipped.map((one) => this.#id(one))]));
    if (!until && lost.size === 0) return;
    const ends = (one: number) => one !== n && (isOfRollout(one) || lost.has(this.#id(one)));
    this.#endRunning(ends, `${what}.`);
  }

  /** Ends what these steps wait for; one that has an effect right now may finish it, and nothing follows from it. */
  #endRunning(ends: (n: number) => boolean, reason: string): void {
    this.#callOffRetries((n) => this.#cancelStep(n, reason), ends);
    for (const n of this.#steps.keys()) if (ends(n) && this.#isRunning(n)) this.#ending.set(n, reason);
    this.#calls.stopRuns(reason, (n) => ends(n) && letsTimePass(this.#steps[n]!));
  }

  #isRunning(n: number): boolean {
    const status = this.#board.status(n);
    return (status === 'running' || status === 'waiting') && !this.#retries.has(n);
  }

  #mayRetry(n: number, error: unknown, timedOut: boolean): boolean {
    const step = this.#steps[n]!;
    if (this.#stop || this.#tries[n]! > step.retries) return false;
    if (timedOut) return !letsTimePass(step);
    return this.#options.classify(step, error) === 'transient';
  }

  #retryLater(n: number, error: unknown, durationMs: number): void {
    const retryInMs = backOff(this.#tries[n]!, this.#random);
    const failed = { attempt: this.#attempts[n]!, durationMs, error: describeError(error) };
    this.#record.retrying(this.#id(n), failed, retryInMs);
    this.#board.mark(n, 'waiting');
    const retry = () => {
      this.#queue([n]);
      this.#pump();
    };
    this.#retries.set(n, this.#clock.after(retryInMs, retry));
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
    this.#callOffRetries((n) => this.#cancelStep(n, reason));
    this.#calls.stopRuns(reason, (n) => kind !== 'failure' || this.#endsWith(n, failed));
    this.#pump();
  }

  /** What needn't be waited for when the run stops for a failure. */
  #endsWith(n: number, failed: number | undefined): boolean {
    const step = this.#steps[n]!;
    if (this.#options.plan.onFailure !== 'rollback' || failed === undefined) return letsTimePass(step);
    return givesWayBack(step, this.#steps[failed]!);
  }

  #halt(error: unknown): void {
    if (this.#isDead()) return;
    this.#halted = { error };
    this.#callOffRetries(() => {});
    this.#calls.stopAll('the journal can not be written.');
    this.#pump();
  }

  #kill(): void {
    this.#killed.resolve();
    if (this.#ended) return;
    this.#stop = { kind: 'cancel', reason: 'the deployment was killed.' };
    this.#end();
    this.#callOffRetries(() => {});
    this.#calls.stopAll(this.#stop.reason);
  }

  #callOffRetries(then: (n: number) => void, chosen: (n: number) => boolean = () => true): void {
    for (const [n, callOff] of this.#retries) {
      if (!chosen(n)) continue;
      this.#retries.delete(n);
      callOff();
      then(n);
    }
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
    this.#result.resolve({
      status: this.#status(),
      steps: this.#board.snapshot(),
      failures: this.#failures,
      unknown: Array.from(this.#looks, ([n, look]) => ({ step: this.#id(n), look })),
    });
  }

  #status(): ExecutionResult['status'] {
    if (this.#board.open === 0) return 'completed';
    if (this.#stop?.kind === 'cancel' || this.#stop?.kind === 'abort') return 'cancelled';
    if (this.#stop?.kind === 'suspend') return 'waiting';
    if (this.#stop?.kind === 'timeout') return 'timed_out';
    return this.#failures.length > 0 || this.#looks.size > 0 ? 'failed' : 'completed';
  }

  /** Nothing may be written or begun any more. */
  #isDead(): boolean {
    return this.#ended || this.#halted !== undefined;
  }

  #id(n: number): string {
    return this.#steps[n]!.id;
  }
}
