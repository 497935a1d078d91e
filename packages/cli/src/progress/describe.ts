import type { LockState } from '@slipway/core';
import { formatDuration, formatMoment } from '../render/duration.ts';
import type { Look } from '../render/plan.ts';
import type { Happening, Outcome } from './happening.ts';

type Finished = Extract<Happening, { kind: 'finished' }>;

const words: Record<Outcome, string> = {
  succeeded: 'done',
  unchanged: 'unchanged',
  settled: 'was done already',
  failed: 'failed',
  unknown: 'in doubt',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

/** One step's end in one line. */
export function describeFinished(happening: Finished, { colors, symbols }: Look): string {
  const { step, outcome, durationMs, error, reason } = happening;
  const mark = {
    succeeded: colors.green(symbols.done),
    unchanged: colors.green(symbols.done),
    settled: colors.green(symbols.done),
    failed: colors.red(symbols.failed),
    unknown: colors.yellow(symbols.doubt),
    skipped: colors.dim(symbols.skipped),
    cancelled: colors.dim(symbols.skipped),
  }[outcome];
  const time = outcome === 'succeeded' || outcome === 'failed' ? ` ${colors.dim(formatDuration(durationMs))}` : '';
  const word = outcome === 'succeeded' ? '' : ` ${words[outcome]}`;
  const why = error?.message ?? reason;
  return `${mark} ${step.id}${word}${time}${why === undefined ? '' : `: ${firstLine(why)}`}`;
}

/** Who holds the lock that this run waits for. */
export function describeLock({ environment, holder }: LockState): string {
  return `Waiting for the lock on ${environment}, held by ${holder.user}@${holder.host} (pid ${holder.pid}: ${holder.command}) since ${formatMoment(holder.since)}.`;
}

export function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string;
}
