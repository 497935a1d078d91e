/** Time as the executor sees it; injected so that waiting can be tested without waiting. */
export interface Clock {
  /** Milliseconds that only ever grow; the origin means nothing. */
  now(): number;
  /** Runs the callback once after the delay. Returns the way to call it off; calling it late does nothing. */
  after(delayMs: number, run: () => void): () => void;
}

/** What `setTimeout` can hold, 24.8 days; anything longer would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The process's monotonic clock: a change of the system's time moves no timeout. */
export const realClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number) => {
      const next = leftMs > LONGEST_TIMER_MS ? () => arm(leftMs - LONGEST_TIMER_MS) : run;
      timer = setTimeout(next, Math.min(leftMs, LONGEST_TIMER_MS));
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after the delay. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}
