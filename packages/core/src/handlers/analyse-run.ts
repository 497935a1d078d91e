import { nameOf } from '../address.ts';
import type { StepContext } from '../execute/handler.ts';
import type { AnalysisInput, Step } from '../plan/step.ts';
import { type Assessment, assess, count, type Tallies } from '../verify/assess.ts';
import { figure } from '../verify/figure.ts';
import type { Measurement } from '../verify/tally-metric.ts';
import { analysisFailed, analysisInconclusive } from './analyse-errors.ts';
import { answerOf, answerTimeOf, measure } from './analyse-measure.ts';
import { type AnalysisVerdict, goesOn, note, type Round, readRound } from './analyse-notes.ts';
import { SHORTEST_WINDOW_MS, type Sources } from './analyse-sources.ts';
import { intervalOf, Timetable } from './analyse-timetable.ts';
import { waitFor } from './analyse-wait.ts';
import { isAnswered } from './is-answered.ts';
import type { OwnRequests } from './own-requests.ts';

export interface AnalysisParts {
  step: Step;
  input: AnalysisInput;
  context: StepContext;
  sources: Sources;
  /** What comes in through them is nobody's. */
  ownRequests: OwnRequests;
  /** Absent: until what is watched is over. */
  durationMs?: number;
}

/**
 * Measures, judges and decides: one analysis from its beginning, or from where the notes say that it was left. Returns
 * the verdict that lets the rollout go on; throws `analysis-failed` at the measurement that decides it, and
 * `analysis-inconclusive` where that is the policy.
 */
export async function runAnalysis(parts: AnalysisParts): Promise<AnalysisVerdict> {
  const round = readRound(parts.context.notes);
  const run = new AnalysisRun(parts, round);
  if (round.decided) return await run.uphold(round.decided);
  const stop = run.heed();
  try {
    return await run.run();
  } finally {
    stop();
  }
}

const NEVER = new AbortController().signal;

class AnalysisRun {
  readonly #parts: AnalysisParts;
  readonly #round: Round;
  readonly #timetable: Timetable;
  readonly #intervalMs: number;
  /** Where the clock that never jumps stood when the analysis began. */
  #origin = performance.now();
  #tallies: Tallies = new Map();
  /** What ends the measuring before its time. */
  #ends: AbortSignal;
  #extended: number;
  /** When it was last measured, or counted from, in ms since it began. */
  #last: number | undefined;
  /** From when on it counts; undefined before the initial delay is over. */
  #measuredSince: number | undefined;
  /** What the router counts matters by now. */
  #counts = false;

  constructor(parts: AnalysisParts, round: Round) {
    this.#parts = parts;
    this.#round = round;
    this.#extended = round.extended.length;
    const { wishes, over } = parts.context;
    // Measuring on after what was watched is done ends by time alone.
    this.#ends = this.#isWatch ? (this.#extended > 0 ? NEVER : over) : wishes.promoted;
    const { analysis } = parts.input;
    const usualMs = parts.durationMs ?? analysis.durationMs;
    this.#intervalMs = intervalOf(analysis, usualMs);
    const { initialDelayMs: delayMs } = analysis;
    const durationMs = this.#isWatch ? watchTime(round, usualMs) - delayMs : usualMs * (1 + this.#extended);
    this.#timetable = new Timetable({ delayMs, intervalMs: this.#intervalMs, durationMs });
    for (const measurement of round.measured) this.#tallies = count(analysis, this.#tallies, measurement);
  }

  async run(): Promise<AnalysisVerdict> {
    const { context } = this.#parts;
    context.signal.throwIfAborted();
    const begun = this.#assess('on-the-way');
    if (begun.verdict === 'fail') return await this.#fail(begun);
    if (this.#round.waiting) return await this.#askAPerson(this.#assess('at-the-end'), this.#round.waiting);
    await this.#begin();
    for (;;) {
      const ended = await this.#measureOn();
      const assessment = this.#assess('at-the-end');
      if (assessment.verdict === 'fail') return await this.#fail(assessment);
      if (assessment.verdict === 'pass' || ended === 'promoted') return await this.#decide(assessment, { ended });
      const verdict = await this.#inconclusive(assessment, ended);
      if (verdict) return verdict;
    }
  }

  /** Leaves out what comes in while Slipway itself asks through the router, until the returned function is called. */
  heed(): () => void {
    const { ownRequests, sources, step } = this.#parts;
    const heeded = ownRequests.heed(nameOf(step.subject), {
      begins: async () => {
        await this.#count();
        sources.leaveOut();
      },
      ended: () => {
        sources.countAgain();
        void this.#count();
      },
    });
    if (heeded.now) sources.leaveOut();
    return heeded.stop;
  }

  /** Says what was decided before a kill. */
  async uphold(decided: AnalysisVerdict): Promise<AnalysisVerdict> {
    if (goesOn(decided)) return decided;
    await note(this.#parts.context, { verdict: decided });
    throw decided.verdict === 'fail'
      ? analysisFailed(this.#parts, decided)
      : analysisInconclusive(this.#parts, decided);
  }

  async #begin(): Promise<void> {
    const { began } = this.#round;
    if (began) {
      // A wall clock that was set back mustn't make it last longer than from now on.
      this.#origin = performance.now() - Math.max(0, Date.now() - Date.parse(began.at));
      this.#timetable.takeUp(this.#now());
    } else await note(this.#parts.context, { began: { at: new Date().toISOString() } });
  }

  /** Measures at each moment until the time is over, or something else is: before the initial delay, nothing at all. */
  async #measureOn(): Promise<'promoted' | 'over' | 'time'> {
    const begun = await this.#countFrom();
    if (begun !== 'time') return begun;
    for (;;) {
      const moment = this.#timetable.next(this.#now(), this.#last);
      if (moment === undefined) return 'time';
      const woken = await this.#until(moment);
      if (woken === 'time') await this.#measureAll(moment);
      else if (woken === 'promoted') return woken;
      else {
        // What was watched is done: what came since the last time is looked at once more.
        if (this.#now() - this.#measuredSince! >= SHORTEST_WINDOW_MS) await this.#measureAll(this.#now());
        return woken;
      }
      const assessment = this.#assess('on-the-way');
      if (assessment.verdict === 'fail') return 'time';
      if (assessment.settled && !this.#isWatch) return 'time';
    }
  }

  /** After the initial delay, has the router's counts taken: the first differences are from there. */
  async #countFrom(): Promise<'promoted' | 'over' | 'time'> {
    const { input, context } = this.#parts;
    if (this.#measuredSince !== undefined) return 'time';
    const woken = await this.#until(this.#timetable.delayMs);
    if (woken !== 'time') return woken;
    this.#measuredSince = this.#now();
    this.#counts = input.analysis.metrics.some(({ source }) => source === 'router');
    await this.#count();
    context.signal.throwIfAborted();
    return 'time';
  }

  /** Has what the router counted by now taken. Never throws: an unanswered question has a later one in its place. */
  async #count(): Promise<void> {
    if (!this.#counts) return;
    const { sources, context } = this.#parts;
    const now = this.#now();
    const bounds = { signal: context.signal, timeoutMs: answerTimeOf(this.#intervalMs) };
    try {
      await answerOf((signal) => sources.mark(now, signal), bounds);
    } catch (error) {
      if (context.signal.aborted) return;
      context.log(`the router could not be asked yet: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** All metrics at once; each is noted and judged as soon as it is there, and a failure ends the others. */
  async #measureAll(moment: number): Promise<void> {
    const { input, sources, context } = this.#parts;
    const ends = new AbortController();
    const signals = [context.signal, ends.signal, ...(this.#isWatch ? [] : [this.#ends])];
    const signal = AbortSignal.any(signals);
    const now = this.#now();
    const since = Math.max(SHORTEST_WINDOW_MS, now - this.#measuredSince!);
    const measuring = { sources, input, timeoutMs: answerTimeOf(this.#intervalMs), signal };
    const one = async (metric: AnalysisInput['analysis']['metrics'][number]) => {
      const window = { to: Date.now(), now, lengthMs: metric.windowMs ?? since };
      const measured = await measure(metric, window, measuring).catch((error: unknown) => {
        context.signal.throwIfAborted();
        if (signal.aborted) return undefined;
        throw error;
      });
      if (!measured) return;
      await this.#add(measured);
      if (this.#assess('on-the-way').verdict === 'fail') ends.abort();
    };
    await Promise.all(input.analysis.metrics.map(one));
    this.#last = moment;
    this.#measuredSince = now;
  }

  async #add(measured: Measurement): Promise<void> {
    const { input, context } = this.#parts;
    await note(context, { measured });
    this.#tallies = count(input.analysis, this.#tallies, measured);
    const value = measured.value === null ? '' : ` ${figure(measured.value)}`;
    context.log(`${measured.metric}${value}: ${measured.verdict}, ${measured.why}`);
  }

  /** What becomes of it where the data don't tell; undefined: it is measured on. */
  async #inconclusive(assessment: Assessment, ended: 'time' | 'over'): Promise<AnalysisVerdict | undefined> {
    const { context, input } = this.#parts;
    const { onInconclusive: policy, durationMs } = input.analysis;
    if (context.wishes.promoted.aborted) return await this.#decide(assessment, { ended: 'promoted' });
    if (policy.kind === 'extend' && this.#extended < policy.times && !assessment.settled) {
      this.#extended++;
      this.#timetable.extend(this.#now(), this.#parts.durationMs ?? durationMs);
      if (this.#isWatch) this.#ends = NEVER;
      const at = new Date().toISOString();
      await note(context, { extended: { at, times: this.#extended, why: assessment.why } });
      context.log(`inconclusive, measured on for as long again: ${assessment.why}`);
      return undefined;
    }
    const then = policy.kind === 'extend' ? policy.else : policy.kind;
    if (then === 'pause') return await this.#askAPerson(assessment);
    throw analysisInconclusive(this.#parts, await this.#decide(assessment, { ended }));
  }

  async #askAPerson(assessment: Assessment, asked?: { after: number; why: string }): Promise<AnalysisVerdict> {
    const { context, step } = this.#parts;
    const { why, after } = asked ?? { why: assessment.why, after: context.wishes.newest };
    if (!asked) await note(context, { waiting: { at: new Date().toISOString(), after, why } });
    const question = `the analysis of ${nameOf(step.subject)} is inconclusive: ${why}`;
    const goOn = isAnswered(context.wishes, after) ? () => {} : context.waiting(question);
    try {
      const { by, reason, what } = await context.wishes.next(after, context.signal);
      return await this.#decide(assessment, { ended: what === 'promote' ? 'promoted' : 'accepted', by, reason });
    } finally {
      goOn();
    }
  }

  async #fail(assessment: Assessment): Promise<never> {
    throw analysisFailed(this.#parts, await this.#decide(assessment, { ended: 'failure' }));
  }

  async #decide(
    { verdict, why, metrics }: Assessment,
    how: Pick<AnalysisVerdict, 'ended' | 'by' | 'reason'>,
  ): Promise<AnalysisVerdict> {
    const said = verdict === 'running' ? 'inconclusive' : verdict;
    const decided: AnalysisVerdict = { at: new Date().toISOString(), verdict: said, why, metrics, ...how };
    await note(this.#parts.context, { verdict: decided });
    return decided;
  }

  #assess(when: 'on-the-way' | 'at-the-end'): Assessment {
    return assess(this.#parts.input.analysis, this.#tallies, when);
  }

  /** Sleeps to a moment, in ms since it began; says what woke it. */
  async #until(moment: number): Promise<'time' | 'promoted' | 'over'> {
    const { context } = this.#parts;
    const woken = await waitFor(moment - this.#now(), this.#ends, context.signal);
    if (woken === 'time') return 'time';
    return this.#isWatch ? 'over' : 'promoted';
  }

  #now(): number {
    return performance.now() - this.#origin;
  }

  get #isWatch(): boolean {
    return this.#parts.durationMs === undefined;
  }
}

/** A watch has no time of its own, but for one that measures on after what it watched was done. */
function watchTime({ began, extended }: Round, onMs: number): number {
  const last = extended.at(-1);
  if (!began || !last) return Number.POSITIVE_INFINITY;
  return Math.max(0, Date.parse(last.at) - Date.parse(began.at)) + onMs;
}
