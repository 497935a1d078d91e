/** What `setTimeout` can hold; anything longer would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves when the time has passed, or at once when `ends` is aborted. Rejects with the signal's reason. */
export async function waitFor(ms: number, ends: AbortSignal, signal: AbortSignal): Promise<'time' | 'ended'> {
  const until = performance.now() + ms;
  for (;;) {
    signal.throwIfAborted();
    if (ends.aborted) return 'ended';
    const left = until - performance.now();
    if (left <= 0) return 'time';
    await sleep(Math.min(left, LONGEST_TIMER_MS), [ends, signal]);
  }
}

async function sleep(ms: number, wakers: readonly AbortSignal[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      for (const waker of wakers) waker.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    for (const waker of wakers) waker.addEventListener('abort', wake, { once: true });
  });
}
