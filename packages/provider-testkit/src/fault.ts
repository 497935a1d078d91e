/**
 * Asked `before` a call has its effect and `after` it had; what it returns is thrown, so that `after` is a reply that
 * was lost.
 */
export type Fault<Call> = (call: Call, when: 'before' | 'after') => Error | undefined;

/** Does what a call is for, with what goes wrong around it. */
export async function withFault<Call, T>(
  call: Call,
  fault: Fault<Call> | undefined,
  effect: () => Promise<T>,
): Promise<T> {
  const before = fault?.(call, 'before');
  if (before) throw before;
  const result = await effect();
  const after = fault?.(call, 'after');
  if (after) throw after;
  return result;
}
