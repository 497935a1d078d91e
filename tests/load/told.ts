import type { PhaseReport } from './soak.ts';

/** At most so many problems of a phase are told. */
const MOST = 10;

/** A phase's report, for people: one line, and one more for each problem. */
export function told(stand: string, { phase, requests, failed, splits, durationMs, problems }: PhaseReport): string {
  const bad = Object.entries(failed).filter(([, count]) => count > 0);
  const parts = [
    `${requests} requests`,
    `${bad.reduce((sum, [, count]) => sum + count, 0)} failed${bad.length > 0 ? ` (${bad.map(([kind, count]) => `${kind} ${count}`).join(', ')})` : ''}`,
    ...splits.map(({ declared, measured, requests: of }) => `${declared} % declared, ${measured} % measured of ${of}`),
    ...(durationMs > 0 ? [`${Math.round(durationMs / 100) / 10} s`] : []),
  ];
  return [`${stand}, ${phase}: ${parts.join('; ')}`, ...problems.slice(0, MOST).map((one) => `  ${one}`)].join('\n');
}
