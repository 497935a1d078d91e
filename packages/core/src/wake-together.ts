/** Waking a process costs more than the little that is done then: everything that waits does so at the same moments. */
const GRID_MS = 1_000;
/** Timers fire a little early or late; that mustn't make one fire twice for the same moment. */
const SLACK_MS = 10;

/**
 * A delay in ms for a timer that is to fire after `delayMs`: to the last before it of the moments that all such timers
 * of this process share, so at most a second early. Delays below a second are left as they are. `now`: of a clock that
 * all of them read.
 */
export function wakeTogether(delayMs: number, now: number = performance.now()): number {
  if (delayMs < GRID_MS) return delayMs;
  return Math.floor((now + delayMs + SLACK_MS) / GRID_MS) * GRID_MS - now;
}
