import type { Analysis } from '../config/project.ts';
import type { Round } from './analyse-notes.ts';

const LONGEST_DEFAULT_INTERVAL_MS = 10_000;
const SHORTEST_INTERVAL_MS = 1_000;

/** From one measurement to the next, in ms: as declared, else a fifth of the duration between 1 s and 10 s. */
export function intervalOf(analysis: Analysis, durationMs: number): number {
  const fifth = Math.max(SHORTEST_INTERVAL_MS, durationMs / 5);
  return analysis.intervalMs ?? Math.round(Math.min(LONGEST_DEFAULT_INTERVAL_MS, fifth));
}

/**
 * How long an analysis lasts after its delay, in ms: as planned, or for its usual time from where it was extended last.
 */
export function durationOf(
  { began, extended }: Pick<Round, 'began' | 'extended'>,
  times: { delayMs: number; plannedMs: number; usualMs: number },
): number {
  const last = extended.at(-1);
  if (!began || !last) return times.plannedMs;
  const extendedMs = Math.max(0, Date.parse(last.at) - Date.parse(began.at) - times.delayMs);
  return Number.isFinite(times.plannedMs)
    ? Math.max(extendedMs, times.plannedMs * extended.length) + times.usualMs
    : extendedMs + times.usualMs;
}

/**
 * When an analysis measures, in ms since it began: at the end of each interval after the initial delay, and once at
 * its end when more than half an interval is left there or nothing was measured before. However long a measurement
 * takes, those that follow stay where they are: one that is late by less than half an interval is made up for at once,
 * others are passed over.
 */
export class Timetable {
  readonly delayMs: number;
  readonly #intervalMs: number;
  /** Infinite for what lasts until something else ends it. */
  #endMs: number;

  /** `durationMs`: after the delay. */
  constructor(times: { delayMs: number; intervalMs: number; durationMs: number }) {
    this.delayMs = times.delayMs;
    this.#intervalMs = times.intervalMs;
    // However short it is, there must be something to look back at.
    this.#endMs = times.delayMs + Math.max(times.durationMs, Math.min(times.intervalMs, SHORTEST_INTERVAL_MS));
  }

  /** Taken up again after a kill at `nowMs`: time has passed meanwhile, but one interval more is measured in any case. */
  takeUp(nowMs: number): void {
    this.extendTo(nowMs + this.#intervalMs);
  }

  extendTo(endMs: number): void {
    this.#endMs = Math.max(this.#endMs, endMs);
  }

  /** The duration begins again where it was to end, or now for what had no end; never within the delay. */
  extend(nowMs: number, durationMs: number): void {
    this.#endMs = Math.max(Number.isFinite(this.#endMs) ? this.#endMs : this.delayMs, nowMs) + durationMs;
  }

  /** The next moment to measure at, after `lastMs`, when that was measured; undefined when there is none any more. */
  next(nowMs: number, lastMs: number | undefined): number | undefined {
    const from = lastMs === undefined ? nowMs : Math.max(nowMs - this.#intervalMs / 2, lastMs);
    const passed = Math.max(0, Math.floor((from - this.delayMs) / this.#intervalMs));
    const moment = this.delayMs + (passed + 1) * this.#intervalMs;
    if (moment <= this.#endMs) return moment;
    const left = this.#endMs - (lastMs ?? Number.NEGATIVE_INFINITY);
    return left > this.#intervalMs / 2 ? this.#endMs : undefined;
  }
}
