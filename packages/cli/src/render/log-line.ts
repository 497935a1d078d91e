import type { LogLine } from '@slipway/core';
import { formatMoment } from './duration.ts';
import type { Look } from './plan.ts';

/** One line of a service's output, with when it came and from which revision and instance. */
export function describeLogLine({ at, revision, slot, stream, text }: LogLine, { colors }: Look): string {
  const instance = slot === undefined ? '' : `#${slot}`;
  const head = colors.dim(`${formatMoment(at)} ${revision}${instance}`);
  const body =
    stream === 'stderr' ? colors.yellow(text) : stream === 'slipway' ? colors.cyan(`[slipway] ${text}`) : text;
  return `${head} ${body}`;
}
