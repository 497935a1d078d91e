import type { Wishes } from '../execute/handler.ts';

/** Whether a person has said already what is waited for. */
export function isAnswered({ newest, promoted }: Wishes, after: number): boolean {
  return newest > after || promoted.aborted;
}
