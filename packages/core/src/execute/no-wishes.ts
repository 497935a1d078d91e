import type { Wishes } from './handler.ts';

/** Nobody can say anything: what waits for a person waits until it is stopped. */
export const NO_WISHES: Wishes = {
  newest: 0,
  promoted: new AbortController().signal,
  next: (_, signal) =>
    new Promise((_resolve, reject) => {
      const stop = () => reject(signal.reason as Error);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    }),
};
