import { nameOf } from '../address.ts';
import type { Metric } from '../config/project.ts';
import type { StepContext } from '../execute/handler.ts';
import type { AnalysisInput, Step } from '../plan/step.ts';
import type { Gap } from '../verify/tally-metric.ts';
import type { CountedTraffic } from './analyse-marks.ts';
import { answerOf } from './analyse-measure.ts';
import { note, type Round } from './analyse-notes.ts';
import { SHORTEST_WINDOW_MS, type Sources, type Window } from './analyse-sources.ts';
import type { OwnRequests } from './own-requests.ts';

export interface CountingParts {
  step: Step;
  input: AnalysisInput;
  context: StepContext;
  sources: Sources;
  /** What comes in through them is nobody's. */
  ownRequests: OwnRequests;
}

/** Now, by two clocks: see {@link Window}. */
export type Moment = Pick<Window, 'now' | 'to'>;

/**
 * From when on an analysis counts, and what the windows of its measurements are. What the router had counted at the last
 * measurement is noted, so that after a kill the first window reaches back to there: what came meanwhile is measured too.
 */
export class Counting {
  readonly #parts: CountingParts;
  readonly #timeoutMs: number;
  /** In ms since the analysis began, by a clock that never jumps. */
  readonly #now: () => number;
  readonly #asksRouter: boolean;
  #isOn = false;
  #since: number | undefined;
  /** The same in ms since 1970, as the sources know it. */
  #sinceTime = 0;
  /** What the next measurement has to span, because nobody measured meanwhile. */
  #gap: Gap | undefined;

  constructor(parts: CountingParts, now: () => number, timeoutMs: number) {
    this.#parts = parts;
    this.#now = now;
    this.#timeoutMs = timeoutMs;
    this.#asksRouter = parts.input.analysis.metrics.some(({ source }) => source === 'router');
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** How long ago it was last measured, or counted from, in ms; undefined where it has never begun. */
  get elapsedMs(): number | undefined {
    return this.#since === undefined ? undefined : this.#now() - this.#since;
  }

  /** Goes on where an interrupted run was. */
  takeUp({ began, counted, measured }: Round): void {
    const since = [counted?.since, measured.at(-1)?.at]
      .filter((at) => at !== undefined)
      .toSorted()
      .at(-1);
    if (!began || since === undefined) return;
    // A wall clock that was set back mustn't put it into the future.
    const sinceBegan = (at: string) => Math.min(this.#now() - 1, Date.parse(at) - Date.parse(began.at));
    this.#since = sinceBegan(since);
    this.#sinceTime = Date.parse(since);
    this.#gap = { since, covered: counted?.traffic !== undefined };
    if (counted?.traffic) this.#parts.sources.restore(sinceBegan(counted.at), counted.traffic);
  }

  /** The first differences are from here, or from where an interrupted run counted last. */
  async begin(): Promise<void> {
    const { signal } = this.#parts.context;
    this.#isOn = true;
    if (this.#since === undefined) {
      this.#since = this.#now();
      this.#sinceTime = Date.now();
    }
    if (this.#gap?.covered) return;
    await this.#count();
    signal.throwIfAborted();
    await this.#note();
  }

  /** What a measurement of this metric looks back at, and what of it nobody looked at in time. */
  window({ source, windowMs }: Metric, { now, to }: Moment): { window: Window; gap?: Gap } {
    const sinceMs = Math.max(SHORTEST_WINDOW_MS, now - (this.#since ?? now));
    const since = this.#sinceTime;
    if (!this.#gap) return { window: { to, now, lengthMs: windowMs ?? sinceMs, since } };
    const gap = { ...this.#gap, covered: this.#gap.covered || source !== 'router' };
    return { window: { to, now, lengthMs: Math.max(windowMs ?? 0, sinceMs), since }, gap };
  }

  /** All was measured at this moment: the next windows begin there. */
  async measured({ now, to }: Moment): Promise<void> {
    this.#since = now;
    this.#sinceTime = to;
    this.#gap = undefined;
    if (this.#asksRouter) await this.#note();
  }

  /** Leaves out what comes in while Slipway itself asks through the router, until the returned function is called. */
  heed(): () => void {
    const { ownRequests, sources, step } = this.#parts;
    const heeded = ownRequests.heed(nameOf(step.subject), {
      begins: async () => {
        await this.#count();
        sources.leaveOut();
        await this.#noteIfOn();
      },
      ended: () => {
        sources.countAgain();
        void this.#count().then(() => this.#noteIfOn());
      },
    });
    if (heeded.now) {
      sources.leaveOut();
      // Nobody can tell any more what of it was whose.
      if (this.#gap) this.#gap = { ...this.#gap, covered: false };
    }
    return heeded.stop;
  }

  /** Has what the router counted by now taken. Never throws: an unanswered question has a later one in its place. */
  async #count(): Promise<void> {
    if (!this.#isOn || !this.#asksRouter) return;
    const { sources, context } = this.#parts;
    const now = this.#now();
    try {
      await answerOf((signal) => sources.mark(now, signal), { signal: context.signal, timeoutMs: this.#timeoutMs });
    } catch (error) {
      if (context.signal.aborted) return;
      context.log(`the router could not be asked yet: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Never throws: it happens beside the measuring, which finds out by itself that nothing can be noted any more. */
  async #noteIfOn(): Promise<void> {
    if (this.#isOn && this.#asksRouter) await this.#note().catch(() => {});
  }

  async #note(): Promise<void> {
    const { context, sources, input } = this.#parts;
    const since = this.#time(this.#since ?? this.#now());
    const counted = sources.counted([input.revision, input.stable, input.baseline]);
    const counts = counted && { at: this.#time(counted.at), traffic: this.#needed(counted.traffic) };
    await note(context, { counted: { since, at: since, ...counts } });
  }

  /** Without histograms where nobody asks for them: they are long. */
  #needed(traffic: CountedTraffic['traffic']): CountedTraffic['traffic'] {
    const { metrics } = this.#parts.input.analysis;
    if (metrics.some(({ source, query }) => source === 'router' && query.startsWith('latency'))) return traffic;
    const short = Object.entries(traffic).map(([revision, { histogram: _, ...rest }]) => [revision, rest] as const);
    return Object.fromEntries(short);
  }

  #time(moment: number): string {
    return new Date(Date.now() - (this.#now() - moment)).toISOString();
  }
}
