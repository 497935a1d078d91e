import { nameOf } from '../address.ts';
import type { AnalysisInput } from '../plan/step.ts';
import { type Assessment, assess, count, type Tallies } from '../verify/assess.ts';
import { figure } from '../verify/figure.ts';
import type { Measurement } from '../verify/tally-metric.ts';
import { Counting, type CountingParts } from './analyse-counting.ts';
import { analysisFailed, analysisInconclusive } from './analyse-errors.ts';
import { answerTimeOf, measure } from './analyse-measure.ts';
import { type AnalysisVerdict, goesOn, note, type Round, readRound } from './analyse-notes.ts';
import { SHORTEST_WINDOW_MS } from './analyse-sources.ts';
import { durationOf, intervalOf, Timetable } from './analyse-timetable.ts';
import { waitFor } from './analyse-wait.ts';
import { isAnswered } from './is-answered.ts';

export interface AnalysisParts extends CountingParts {
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
  return round.decided ? await run.uphold(round.decided) : await run.run();
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
  /** The last moment of the timetable that was measured at, in ms since it began. */
  #last: number | undefined;
  readonly #counting: Counting;

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
    const plannedMs = this.#isWatch ? Number.POSITIVE_INFINITY : usualMs;
    const durationMs = durationOf(round, { delayMs, plannedMs, usualMs });
    this.#timetable = new Timetable({ delayMs, intervalMs: this.#intervalMs, durationMs });
    this.#counting = new Counting(parts, () => this.#now(), answerTimeOf(this.#intervalMs));
    for (const measurement of round.measured) this.#tallies = count(analysis, this.#tallies, measurement);
  }

  async run(): Promise<AnalysisVerdict> {
    const { context } = this.#parts;
    context.signal.throwIfAborted();
    const begun = this.#assess('on-the-way');
    if (begun.verdict === 'fail') return await this.#fail(begun);
    if (this.#round.waiting) return await this.#askAPerson(this.#assess('at-the-end'), this.#round.waiting);
    await this.#begin();
    const stop = this.#counting.heed();
    try {
      return await this.#toItsVerdict();
    } finally {
      stop();
    }
  }

  async #toItsVerdict(): Promise<AnalysisVerdict> {
    for (;;) {
      const ended = await this.#measureOn();
      const assessment = this.#assess('at-the-end');
      if (assessment.verdict === 'fail') return await this.#fail(assessment);
      if (assessment.verdict === 'pass' || ended === 'promoted') return await this.#decide(assessment, { ended });
      const verdict = await this.#inconclusive(assessment, ended);
      if (verdict) return verdict;
    }
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
      this.#counting.takeUp(this.#round);
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
        if (this.#counting.elapsedMs! >= SHORTEST_WINDOW_MS) await this.#measureAll(this.#now());
        return woken;
      }
      const assessment = this.#assess('on-the-way');
      if (assessment.verdict === 'fail') return 'time';
      if (assessment.settled && !this.#isWatch) return 'time';
    }
  }

  /** Counts from the end of the initial delay on, or from where an interrupted run was. */
  async #countFrom(): Promise<'promoted' | 'over' | 'time'> {
    if (this.#counting.isOn) return 'time';
    if (this.#counting.elapsedMs === undefined) {
      const woken = await this.#until(this.#timetable.delayMs);
      if (woken !== 'time') return woken;
    }
    await this.#counting.begin();
    return 'time';
  }

  /** All metrics at once; each is noted and judged as soon as it is there, and a failure ends the others. */
  async #measureAll(moment: number): Promise<void> {
    const { input, sources, context } = this.#parts;
    const ends = new AbortController();
    const signals = [context.signal, ends.signal, ...(this.#isWatch ? [] : [this.#ends])];
    const signal = AbortSignal.any(signals);
    const at = { now: this.#now(), to: Date.now() };
    const measuring = { sources, input, timeoutMs: answerTimeOf(this.#intervalMs), signal };
    const one = async (metric: AnalysisInput['analysis']['metrics'][number]) => {
      const { window, gap } = this.#counting.window(metric, at);
      const measured = await measure(metric, window, measuring).catch((error: unknown) => {
        context.signal.throwIfAborted();
        if (signal.aborted) return undefined;
        throw error;
      });
      if (!measured) return;
      await this.#add(gap ? { ...measured, gap } : measured);
      if (this.#assess('on-the-way').verdict === 'fail') ends.abort();
    };
    await Promise.all(input.analysis.metrics.map(one));
    this.#last = moment;
    await this.#counting.measured(at);
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
