import type { Clock } from './clock.ts';

/** What a call gets after its signal was aborted, in ms, before it is abandoned. */
export const ABORT_GRACE_MS = 5_000;

/** How a bounded call ended. `stopped`: why its signal was aborted, when it was. */
export type AttemptEnd<T> = { durationMs: number; stopped: StopCause | undefined } & (
  | { kind: 'returned'; value: T }
  | { kind: 'threw'; error: unknown }
  /** It ignored the abort for the whole grace: it may still be at work, and nobody listens any more. */
  | { kind: 'abandoned' }
);

/** `timeout`: its own time was over. `told`: {@link Attempt.stop} was called. */
export type StopCause = 'timeout' | 'told';

/** One bounded call: it ends at most {@link ABORT_GRACE_MS} after its time is over or it was told to stop. */
export interface Attempt<T> {
  readonly end: Promise<AttemptEnd<T>>;
  /** Aborts the call's signal with this reason. Safe to repeat. */
  stop(reason: Error): void;
}

export interface AttemptBounds {
  clock: Clock;
  timeoutMs: number;
  /** The reason that the signal is aborted with when the time is over. */
  timeoutError: () => Error;
}

/** Starts the call at once. `end` never rejects. */
export function attempt<T>(call: (signal: AbortSignal) => Promise<T>, bounds: AttemptBounds): Attempt<T> {
  const { clock } = bounds;
  const controller = new AbortController();
  const startedAt = clock.now();
  let stopped: StopCause | undefined;
  let disarm: () => void = () => {};
  let settle: (end: AttemptEnd<T>) => void;
  const end = new Promise<AttemptEnd<T>>((resolve) => {
    settle = resolve;
  });
  const facts = () => ({ durationMs: Math.round(clock.now() - startedAt), stopped });
  const abort = (cause: StopCause, reason: Error) => {
    if (stopped !== undefined) return;
    stopped = cause;
    disarm();
    disarm = clock.after(ABORT_GRACE_MS, () => settle({ kind: 'abandoned', ...facts() }));
    controller.abort(reason);
  };
  disarm = clock.after(bounds.timeoutMs, () => abort('timeout', bounds.timeoutError()));
  started(call, controller.signal).then(
    (value) => {
      disarm();
      settle({ kind: 'returned', value, ...facts() });
    },
    (error: unknown) => {
      disarm();
      settle({ kind: 'threw', error, ...facts() });
    },
  );
  return { end, stop: (reason) => abort('told', reason) };
}

/** Calls it so that what it throws at once is a rejection too. */
async function started<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return call(signal);
}
