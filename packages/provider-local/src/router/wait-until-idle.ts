import type { RevisionCounter } from './revision-counter.ts';

export type Drained = { kind: 'drained' } | { kind: 'timed-out'; open: number };

/**
 * Resolves as soon as nothing is open (at these instances), or with what still is when `limitMs` is over. Changes
 * nothing. An abort rejects with the signal's reason.
 */
export function waitUntilIdle(
  counter: RevisionCounter,
  {
    slots,
    limitMs,
    signal,
  }: { slots?: readonly number[] | undefined; limitMs: number; signal?: AbortSignal | undefined },
): Promise<Drained> {
  signal?.throwIfAborted();
  if (counter.open(slots) === 0) return Promise.resolve({ kind: 'drained' });
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      clearTimeout(timer);
      stopListening();
      signal?.removeEventListener('abort', abort);
      done();
    };
    const abort = () => settle(() => reject(signal?.reason));
    const stopListening = counter.onLess(() => {
      if (counter.open(slots) === 0) settle(() => resolve({ kind: 'drained' }));
    });
    const timer = setTimeout(() => settle(() => resolve({ kind: 'timed-out', open: counter.open(slots) })), limitMs);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
