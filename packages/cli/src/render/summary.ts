import { type DeploymentReport, onlyRestores, type Plan, type RollbackReport, wordWhenFound } from '@slipway/core';
import { type ExitCode, exitCode } from '../exit-code.ts';
import type { StepProgress } from '../progress/happening.ts';
import { signOf } from './changes.ts';
import { formatDuration } from './duration.ts';
import { renderError } from './error-block.ts';
import { type Look, renderWarnings } from './plan.ts';
import { count, grouped, oneLine } from './text.ts';

const MOST_CHANGES = 30;
const MOST_TROUBLED = 10;

/** Who leaves a rollout half-way must know that it is left alone. */
const UNWATCHED =
  'No process runs it now: traffic stays as it is, nothing is measured, and nothing goes back by itself.';

export interface SummaryContext {
  look: Look;
  /** What was run, when this process ran it. */
  plan: Plan | undefined;
  /** Steps that failed or are in doubt, with the end of their output. */
  troubled: readonly StepProgress[];
  logFile: string | undefined;
  /** `slipway COMMAND` with the flags that lead to the same project and environment. */
  commandLine(command: string): string;
  code: ExitCode;
}

const nouns = { deploy: 'Deployment', destroy: 'Destruction', rollback: 'Rollback', drift: 'Drift fix' };

/** How a run ended: what changed, where it answers, how long it took, what went wrong and what to do next. */
export function renderSummary(report: DeploymentReport, context: SummaryContext): string[] {
  const { look } = context;
  return [
    '',
    headline(report, context),
    ...renderChanged(report, context),
    ...renderWarnings(report.warnings ?? [], look),
    ...renderUrls(report.urls, look),
    ...(report.waiting === undefined ? [] : [`  waiting: ${oneLine(report.waiting)}`]),
    ...(isLeftHalfWay(report, context) ? [`  ${UNWATCHED}`] : []),
    ...renderTroubled(report, context),
    ...(report.rollback ? renderRollback(report.rollback, report.id, look) : []),
    ...renderNext(report, context),
    ...(context.logFile === undefined ? [] : [look.colors.dim(`log: ${context.logFile}`)]),
  ];
}

/** Nobody goes on with it, and users may be on both sides. */
function isLeftHalfWay({ steps }: DeploymentReport, { code }: SummaryContext): boolean {
  if (code !== exitCode.interrupted) return code === exitCode.waiting;
  const switches = steps.filter(({ action }) => action === 'switch').map(({ status }) => status === 'succeeded');
  return switches.includes(true) && switches.includes(false);
}

function headline(report: DeploymentReport, { look, code }: SummaryContext): string {
  const { colors, symbols } = look;
  const what = `${nouns[report.kind]} ${report.id} on ${report.environment}`;
  const time = report.durationMs === null ? '' : ` in ${formatDuration(report.durationMs)}`;
  if (report.status === 'completed' && code === exitCode.done) {
    if (report.steps.length === 0) {
      const blind = report.warnings?.some((warning) => warning.code === 'not-looked-at');
      return blind
        ? `${colors.yellow('?')} Nothing to do on ${report.environment}, as far as it could be looked at.`
        : `${colors.green(symbols.done)} Nothing to do on ${report.environment}.`;
    }
    const ship = report.kind === 'deploy' && report.ship ? ` (${report.project} ${report.ship})` : '';
    return colors.bold(`${colors.green(symbols.done)} ${what}${ship} completed${time}`);
  }
  const over = report.status === 'failed' && code === exitCode.rolledBack ? 'failed and was rolled back' : undefined;
  const word = code === exitCode.inDoubt ? 'ended in doubt' : (over ?? report.status.replaceAll('_', ' '));
  if (code === exitCode.done) return colors.bold(`${colors.green(symbols.done)} ${what} ${word}${time}`);
  const mark =
    code === exitCode.waiting || code === exitCode.interrupted ? colors.yellow('!') : colors.red(symbols.failed);
  return colors.bold(`${mark} ${what}: ${word}${time === '' ? '' : ` after ${time.slice(4)}`}`);
}

const changeWords = [
  ['create', 'created'],
  ['update', 'updated'],
  ['replace', 'replaced'],
  ['delete', 'deleted'],
] as const;

/** What was changed; of a run that didn't complete, how far it came. */
function renderChanged(report: DeploymentReport, { plan, look }: SummaryContext): string[] {
  const { counts, steps } = report;
  const completed = report.status === 'completed';
  const left = completed ? leftAsTheyWere(report, plan) : new Set<string>();
  const none = counts.none + left.size;
  const changed = changeWords
    .map(([action, word]) => [action, word, action === 'update' ? counts.update - left.size : counts[action]] as const)
    .filter(([, , nodes]) => nodes > 0)
    .map(([action, word, nodes]) => `${grouped(nodes)} ${completed ? word : `to ${action}`}`);
  const unchanged = none > 0 ? [`${grouped(none)} unchanged`] : [];
  const parts = [...changed, ...unchanged].join(', ');
  if (!completed) {
    const done = steps.filter(({ status }) => status === 'succeeded').length;
    return [`  ${grouped(done)} of ${count(steps.length, 'step')} done; planned: ${parts}`];
  }
  return [...(parts === '' ? [] : [`  ${parts}`]), ...renderChangedNodes(plan, left, look)];
}

/** What was to be updated and turned out, in the run, to be as wanted already. */
function leftAsTheyWere({ steps }: DeploymentReport, plan: Plan | undefined): Set<string> {
  const updates = plan?.changes.filter(({ action }) => action === 'update') ?? [];
  const left = new Set<string>(steps.filter(({ unchanged }) => unchanged !== undefined).map(({ subject }) => subject));
  for (const { subject, unchanged } of steps) if (unchanged === undefined) left.delete(subject);
  return new Set(updates.map(({ address }) => address as string).filter((address) => left.has(address)));
}

function renderChangedNodes(plan: Plan | undefined, left: ReadonlySet<string>, { colors }: Look): string[] {
  const changed = plan?.changes.filter(({ action, address }) => action !== 'none' && !left.has(address)) ?? [];
  const lines = changed.slice(0, MOST_CHANGES).map(({ action, address }) => {
    return `  ${action === 'none' ? '' : signOf(action, colors)} ${address}`;
  });
  const more = changed.length - lines.length;
  return more > 0 ? [...lines, `      … and ${grouped(more)} more`] : lines;
}

function renderUrls(urls: Readonly<Record<string, string>>, { colors }: Look): string[] {
  const entries = Object.entries(urls);
  const widest = entries.reduce((width, [name]) => Math.max(width, name.length), 0);
  return entries.map(([name, url]) => `  ${name.padEnd(widest)}  ${colors.cyan(url)}`);
}

/** A line that was said again and again is shown once, with how often. */
function withoutRepeats(lines: readonly string[]): string[] {
  const shown: { line: string; times: number }[] = [];
  for (const line of lines) {
    const last = shown.at(-1);
    if (last?.line === line) last.times++;
    else shown.push({ line, times: 1 });
  }
  return shown.map(({ line, times }) => (times === 1 ? line : `${line} (${times} times)`));
}

function renderTroubled(report: DeploymentReport, { look, troubled, code }: SummaryContext): string[] {
  const { colors } = look;
  const bad = report.steps.filter(({ status }) => status === 'failed' || status === 'unknown');
  const tails = new Map(troubled.map((step) => [step.id, step.tail]));
  const lines = bad
    .slice(0, MOST_TROUBLED)
    .flatMap((step) => [
      '',
      ...(step.error
        ? renderError({ ...step.error, subject: step.id }, look)
        : [`${colors.yellow(look.symbols.doubt)} ${step.id} is in doubt`]),
      ...(step.look === undefined
        ? []
        : [`  ${colors.dim('look:')} ${look.copyable(step.look.trim()).replaceAll('\n', '\n        ')}`]),
      ...(step.error?.code.startsWith('analysis-') ? [] : withoutRepeats(tails.get(step.id) ?? []))
        .filter((line) => !step.error?.message.includes(line))
        .map((line) => colors.dim(`  | ${oneLine(line)}`)),
    ]);
  if (bad.length > MOST_TROUBLED) lines.push(`… and ${count(bad.length - MOST_TROUBLED, 'more step')} failed`);
  const { error } = report;
  if (
    !error ||
    code === exitCode.interrupted ||
    bad.some((step) => step.status === 'unknown' || step.error?.message === error.message)
  )
    return lines;
  return [...lines, '', ...renderError(error, look)];
}

/** `own`: the id of what is summed up; a rollback that a person asked for was introduced already. */
function renderRollback(rollback: RollbackReport, own: string, look: Look): string[] {
  const { colors, symbols } = look;
  const parts = [
    ...(rollback.restored.length > 0 ? [`${count(rollback.restored.length, 'node')} restored`] : []),
    ...(rollback.destroyed.length > 0 ? [`${count(rollback.destroyed.length, 'new node')} removed`] : []),
    ...(rollback.failed.length > 0 ? [colors.red(`${rollback.failed.length} failed`)] : []),
  ];
  const what = `Rolled back by ${rollback.id} (${rollback.status.replaceAll('_', ' ')})`;
  return [
    ...(rollback.id === own ? [] : ['', parts.length === 0 ? what : `${what}: ${parts.join(', ')}`]),
    ...rollback.failed.flatMap(({ subject, error }) => [
      `  ${colors.red(symbols.failed)} ${subject}: ${oneLine(error.message)}`,
      ...(error.hint === undefined ? [] : [`    ${colors.dim('now:')} ${look.copyable(error.hint)}`]),
    ]),
  ];
}

function renderNext(report: DeploymentReport, context: SummaryContext): string[] {
  const { look } = context;
  const steps = nextSteps(report, context);
  return steps.length === 0 ? [] : ['', look.colors.bold('Next'), ...steps.map((step) => `  ${step}`)];
}

/** What a person can do now, by how the run ended. */
function nextSteps(report: DeploymentReport, { plan, commandLine, code }: SummaryContext): string[] {
  switch (code) {
    case exitCode.done:
      if (report.steps.length === 0 || report.kind !== 'deploy' || report.status !== 'completed') return [];
      return [
        `look: ${commandLine('status')}`,
        ...(plan && onlyRestores(plan) ? [] : [`go back: ${commandLine('rollback')}`]),
      ];
    case exitCode.inDoubt:
      return doubtSteps(report, commandLine);
    case exitCode.rolledBack:
      return [
        report.steps.some(({ error }) => error?.code === 'migration-broke-off')
          ? 'Everything is as it was before, but what the failed migration had applied. Mend the cause and deploy again.'
          : 'Everything is as it was before. Mend the cause and deploy again.',
        `look: ${commandLine(`show ${report.id}`)}`,
      ];
    case exitCode.waiting:
      return [
        `go on: ${commandLine(`continue ${report.id}`)}`,
        ...(report.rollback
          ? []
          : [
              `go on past all that is still to be waited for: ${commandLine(`promote ${report.id}`)}`,
              `take it back: ${commandLine(`abort ${report.id}`)}`,
            ]),
      ];
    case exitCode.interrupted:
      return report.kind === 'deploy' ? [`take it back: ${commandLine(`abort ${report.id}`)}`] : [];
    case exitCode.failed:
      if (report.rollback)
        return [`try the rest of the rollback again: ${commandLine(`resume ${report.rollback.id}`)}`];
      return report.kind === 'rollback'
        ? [`try the rest again: ${commandLine('resume')}`]
        : [
            `mend the cause and go on with the same plan: ${commandLine('resume')}`,
            `or take it back: ${commandLine('rollback')}`,
          ];
    default:
      return [];
  }
}

function doubtSteps(report: DeploymentReport, commandLine: (command: string) => string): string[] {
  const doubtful = report.steps.filter(({ status }) => status === 'unknown').slice(0, MOST_TROUBLED);
  return [
    'Look whether the effect of each step in doubt is there, then say so:',
    ...doubtful.flatMap(({ id, subject, action }) => {
      const redo = commandLine(`resume --redo ${id}`);
      const word = wordWhenFound(action);
      if (word === 'redo') return [`  there or not, let it be done again: ${redo}`];
      const found =
        word === 'import'
          ? `${commandLine(`import ${subject} ID`)}, then ${commandLine('resume')}`
          : commandLine(`resume --done ${id}`);
      return [`  not there: ${redo}`, `  there:     ${found}`];
    }),
  ];
}
