import type { DeploymentReport } from '@slipway/core';
import { formatDuration, formatMoment } from './duration.ts';
import type { Look } from './plan.ts';
import { renderTable } from './table.ts';

type Entry = Omit<DeploymentReport, 'steps'>;

/** Deployments as a table, newest first. */
export function renderHistory(deployments: readonly Entry[], { colors }: Look): string[] {
  if (deployments.length === 0) return ['Nothing was deployed yet.'];
  const rows = deployments.map((entry) => [
    entry.id,
    entry.environment,
    entry.kind,
    colorStatus(entry.status, colors),
    entry.ship || '-',
    formatMoment(entry.startedAt),
    entry.durationMs === null ? '-' : formatDuration(entry.durationMs),
    describeCounts(entry.counts),
  ]);
  return renderTable(['DEPLOYMENT', 'ENVIRONMENT', 'KIND', 'STATUS', 'SHIP', 'BEGUN', 'TIME', 'CHANGES'], rows);
}

function colorStatus(status: Entry['status'], colors: Look['colors']): string {
  const text = status.replaceAll('_', ' ');
  if (status === 'completed') return colors.green(text);
  return status === 'failed' || status === 'timed_out' ? colors.red(text) : colors.yellow(text);
}

function describeCounts(counts: Entry['counts']): string {
  const signs = { create: '+', update: '~', replace: '±', delete: '-' } as const;
  const parts = (['create', 'update', 'replace', 'delete'] as const)
    .filter((action) => counts[action] > 0)
    .map((action) => `${signs[action]}${counts[action]}`);
  return parts.length > 0 ? parts.join(' ') : 'none';
}
