import type { MetricReading, RevisionTraffic } from '../provider/contract.ts';
import { markTraffic, passOver, readTraffic, type TrafficMark } from '../verify/traffic-window.ts';
import type { Window } from './analyse-sources.ts';

/** What a router had counted at one moment, by revision. */
export interface CountedTraffic {
  /** In ms, of the clock of the marks. */
  at: number;
  traffic: Record<string, RevisionTraffic>;
}

/** What the router had counted at the moments when it was asked, for as far back as windows reach. */
export class Marks {
  readonly #reachMs: number;
  #marks: TrafficMark[] = [];
  #asking: { now: number; done: Promise<void> } | undefined;
  /** `ending`: what the next answer doesn't hold counts again. */
  #leavesOut: 'nothing' | 'all' | 'ending' = 'nothing';

  /** `reachMs`: no window is longer, or it is that from one measurement to the next. */
  constructor(reachMs: number) {
    this.#reachMs = reachMs;
  }

  /** Asks once for each moment, whoever wants to know. */
  async take(now: number, ask: () => Promise<Readonly<Record<string, RevisionTraffic>>>): Promise<void> {
    if (this.#asking?.now !== now) {
      const asked = this.#leavesOut;
      const done = ask().then((traffic) => {
        // What answers after a later one was asked is too old to count from.
        if ((this.#marks.at(-1)?.at ?? 0) > now) return;
        const isLeftOut = asked !== 'nothing' || this.#leavesOut !== 'nothing';
        if (asked === 'ending' && this.#leavesOut === 'ending') this.#leavesOut = 'nothing';
        const marks = [...this.#marks, (isLeftOut ? passOver : markTraffic)(now, traffic, this.#marks.at(-1))];
        // The newest two are kept in any case, and of what is beyond reach the one where the longest window begins.
        const first = marks.findLastIndex((mark) => mark.at <= now - this.#reachMs);
        this.#marks = marks.slice(Math.max(0, Math.min(first, marks.length - 2)));
      });
      this.#asking = { now, done };
    }
    await this.#asking.done;
  }

  /** What the router counts from now on is no measurement. */
  leaveOut(): void {
    this.#leavesOut = 'all';
  }

  /** What it counts after it is asked the next time is measured again. */
  countAgain(): void {
    if (this.#leavesOut === 'all') this.#leavesOut = 'ending';
  }

  /** At the newest mark, of these revisions. Undefined where what comes next is to be left out, or nothing was marked. */
  counted(revisions: readonly (string | null)[]): CountedTraffic | undefined {
    const newest = this.#marks.at(-1);
    if (!newest || this.#leavesOut !== 'nothing') return undefined;
    const known = Object.entries(newest.revisions).filter(([revision]) => revisions.includes(revision));
    return { at: newest.at, traffic: Object.fromEntries(known.map(([revision, { raw }]) => [revision, raw])) };
  }

  /** Goes on from what was counted at that moment, before anything else is marked. */
  restore(at: number, traffic: CountedTraffic['traffic']): void {
    this.#marks = [markTraffic(at, traffic, undefined)];
  }

  read(query: string, revision: string, { now, lengthMs }: Window): MetricReading {
    const to = this.#marks.at(-1);
    const earlier = this.#marks.filter((mark) => mark.at < now);
    if (!to || earlier.length === 0)
      return { value: null, note: 'there is no earlier count of the router to take the difference from' };
    // Timers fire a little late: what is nearly as old as the window is its beginning.
    const slackMs = Math.min(lengthMs / 2, 500);
    const from = earlier.findLast((mark) => mark.at <= now - lengthMs + slackMs) ?? earlier[0]!;
    return readTraffic(query, revision, from, to);
  }
}
