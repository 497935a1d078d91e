import type { Clock } from './clock.ts';
import type { ExecuteOptions, ExecutionResult } from './execution.ts';

/** Why nothing new starts. `suspend`: only people could make it go on, and nobody is to be waited for. */
export interface Stop {
  kind: 'suspend' | 'failure' | 'timeout' | 'abort' | 'cancel';
  reason: string;
}

const STRENGTH = { suspend: 0, failure: 1, timeout: 2, abort: 3, cancel: 4 } as const;

/** Whether a stop counts for less than another kind, which then takes its place. */
export function isWeaker(stop: Stop | undefined, kind: Stop['kind']): boolean {
  return !stop || STRENGTH[stop.kind] < STRENGTH[kind];
}

/** How a run ended that did not do everything; `isBroken`: a step failed or is in doubt. */
export function statusAfter(stop: Stop | undefined, isBroken: boolean): ExecutionResult['status'] {
  if (stop?.kind === 'cancel' || stop?.kind === 'abort') return 'cancelled';
  if (stop?.kind === 'suspend') return 'waiting';
  if (stop?.kind === 'timeout') return 'timed_out';
  return isBroken ? 'failed' : 'completed';
}

export interface StopListeners {
  kill: () => void;
  stop: (kind: Stop['kind'], reason: string) => void;
  changed: () => void;
}

/** Hears everything that stops a run from outside, at once where it has happened already. Returns how to stop listening. */
export function listenForStops(options: ExecuteOptions, clock: Clock, tell: StopListeners): () => void {
  const { signal, abort, kill, control, plan } = options;
  const cleanups = [
    onAbort(kill, tell.kill),
    onAbort(signal, () => tell.stop('cancel', 'the deployment was cancelled.')),
    onAbort(abort, () => tell.stop('abort', 'a person aborted the deployment.')),
  ];
  if (control) cleanups.push(control.onChange(tell.changed));
  if (plan.timeoutMs !== undefined) {
    const reason = `the deployment's timeout of ${plan.timeoutMs / 1_000} s is over.`;
    cleanups.push(clock.after(plan.timeoutMs, () => tell.stop('timeout', reason)));
  }
  return () => {
    for (const cleanUp of cleanups) cleanUp();
  };
}

function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (!signal) return () => {};
  if (signal.aborted) {
    act();
    return () => {};
  }
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}
