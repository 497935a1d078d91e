import type { CallContext } from '../provider/contract.ts';

/**
 * Calls an adapter that only looks, and waits no longer than `withinMs`, whether or not the adapter heeds its
 * signal. Throws what the call throws, or that there was no answer.
 */
export async function lookWithin<T>(
  withinMs: number,
  context: CallContext,
  look: (context: CallContext) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(withinMs);
  const signal = AbortSignal.any([context.signal, limit]);
  const { promise: over, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Error(limit.aborted ? `no answer within ${withinMs / 1_000} s` : 'stopped'));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([look({ ...context, signal }), over]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
