import type { JournalEvent } from '@slipway/core';

/** Those of the times, in ms since 1970, that came before any drain of the deployments had lasted for as long as it may. */
export function cutsBeforeDrained(cuts: readonly number[], events: readonly JournalEvent[], drainMs: number): number[] {
  const begun = events
    .filter(({ type, step }) => type === 'step.started' && step !== null && /\/drain/.test(step))
    .map(({ at }) => Date.parse(at));
  // A drain accounts for one cut: a connection that comes back stands at what stays.
  const left = [...begun].sort((a, b) => a - b);
  return cuts.filter((cut) => {
    const at = left.findIndex((since) => cut - since >= drainMs);
    if (at < 0) return true;
    left.splice(0, at + 1);
    return false;
  });
}
