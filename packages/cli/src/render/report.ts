import type { DeploymentReport, StepReport, StepStatus } from '@slipway/core';
import type { Colors } from '../output/colors.ts';
import { renderAnalyses } from './analyses.ts';
import { formatDuration, formatMoment } from './duration.ts';
import { renderError } from './error-block.ts';
import { type Look, renderFrom } from './plan.ts';
import { renderTable } from './table.ts';
import { count, oneLine } from './text.ts';

const MOST_STEPS = 150;

const colorOf: Record<StepStatus, keyof Colors> = {
  pending: 'dim',
  running: 'cyan',
  waiting: 'yellow',
  succeeded: 'green',
  failed: 'red',
  skipped: 'dim',
  unknown: 'yellow',
  cancelled: 'dim',
};

/** One deployment: how it ended, each step with its time, its error and its rollback. */
export function renderReport(report: DeploymentReport, look: Look, logFile: string | undefined): string[] {
  const { colors } = look;
  const time = report.durationMs === null ? '' : ` after ${formatDuration(report.durationMs)}`;
  const changes = (['create', 'update', 'replace', 'delete'] as const)
    .filter((action) => report.counts[action] > 0)
    .map((action) => `${report.counts[action]} to ${action}`);
  return [
    colors.bold(`${report.kind} ${report.id}: ${report.status.replaceAll('_', ' ')}${time}`),
    `${report.project} on ${report.environment}${shipped(report)}, begun ${formatMoment(report.startedAt)}`,
    `${changes.length > 0 ? changes.join(', ') : 'no changes'}; ${count(report.counts.none, 'node')} unchanged`,
    ...(report.waiting === undefined ? [] : [colors.yellow(`waiting: ${report.waiting}`)]),
    ...(report.steps.length === 0 ? [] : ['', ...renderStepTable(report.steps, colors)]),
    ...withGap(renderAnalyses(report.steps, look)),
    ...Object.entries(report.urls).map(([name, url]) => `${name}  ${colors.cyan(url)}`),
    ...(report.error ? ['', ...renderError(report.error, look)] : []),
    ...(report.rollback
      ? ['', `rolled back by ${report.rollback.id}: ${report.rollback.status.replaceAll('_', ' ')}`]
      : []),
    ...(logFile === undefined ? [] : [colors.dim(`log: ${logFile}`)]),
  ];
}

function withGap(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [...lines, ''];
}

function shipped({ from, ship }: DeploymentReport): string {
  if (from) return `, ${renderFrom(from, ship)}`;
  return ship ? `, ship ${ship}` : '';
}

function renderStepTable(steps: readonly StepReport[], colors: Colors): string[] {
  // Of many steps, those that people look for come first: what went wrong, then what runs.
  const weight = ({ status }: StepReport) => {
    return status === 'failed' || status === 'unknown' ? 0 : status === 'running' || status === 'waiting' ? 1 : 2;
  };
  const shown =
    steps.length <= MOST_STEPS ? steps : steps.toSorted((a, b) => weight(a) - weight(b)).slice(0, MOST_STEPS);
  const rows = shown.map((step) => [
    colors[colorOf[step.status]](step.status),
    step.id,
    step.durationMs === null ? '' : formatDuration(step.durationMs),
    step.attempts > 1 ? count(step.attempts, 'attempt') : '',
    oneLine(step.error?.message ?? step.look ?? step.waiting ?? (step.unchanged === undefined ? '' : 'unchanged')),
  ]);
  return [
    ...renderTable(['STATUS', 'STEP', 'TIME', '', ''], rows),
    ...(shown.length < steps.length ? [`… and ${count(steps.length - shown.length, 'more step')}`] : []),
    '',
  ];
}
