import type { Plan, PlanOrigin, PlanWarning } from '@slipway/core';
import type { Colors } from '../output/colors.ts';
import type { Symbols } from '../output/symbols.ts';
import { renderChanges } from './changes.ts';
import { renderPlanCost } from './cost.ts';
import { renderSteps } from './steps.ts';
import { count } from './text.ts';

/** How things look on the terminal at hand. */
export interface Look {
  colors: Colors;
  symbols: Symbols;
  /** Gives the commands that a text names the flags that lead to the same project and environment. */
  copyable: (text: string) => string;
}

const MOST_CHANGE_LINES = 110;
const MOST_STEP_LINES = 60;
const MOST_WARNINGS = 20;
const MOST_VERSIONS = 10;

const titles = {
  deploy: 'Plan',
  destroy: 'Plan to destroy',
  rollback: 'Plan to roll back',
  drift: 'Plan to fix drift',
};

/** A plan for people: changes with their reasons, steps by wave, what decides the duration, warnings. At most ~200 lines. */
export function renderPlan(plan: Plan, look: Look): string[] {
  const { colors } = look;
  const heading = `${titles[plan.kind]} for ${plan.project} on ${plan.environment}${shipped(plan)}`;
  if (plan.steps.length === 0) {
    return [
      `${colors.bold(heading)}`,
      nothingToDo(plan.changes.length),
      ...renderPlanCost(plan.cost, look),
      ...renderWarnings(plan.warnings, look),
    ];
  }
  return [
    `${colors.bold(heading)}`,
    ...renderOrigin(plan),
    '',
    ...renderChanges(plan.changes, look, MOST_CHANGE_LINES),
    '',
    ...renderSteps(plan, look, MOST_STEP_LINES),
    ...renderPlanCost(plan.cost, look),
    ...renderWarnings(plan.warnings, look),
  ];
}

function nothingToDo(nodes: number): string {
  if (nodes === 0) return 'Nothing to do: no node is declared or recorded, or none is selected.';
  return `Nothing to do: ${count(nodes, 'node')} ${nodes === 1 ? 'is' : 'are'} as declared.`;
}

function shipped({ kind, ship, from }: Plan): string {
  if (from) return `, ${renderFrom(from, ship)}`;
  return kind === 'deploy' && ship ? `, ship ${ship}` : '';
}

/** Whose releases these are, for people. */
export function renderFrom({ environment }: PlanOrigin, ship: string): string {
  return `from ${environment} (version ${ship})`;
}

function renderOrigin({ rollback, from, ship }: Plan): string[] {
  if (from) return renderOlder(from, ship);
  if (!rollback) return [];
  const back = rollback.to === null ? 'to what was before' : `to what deployment ${rollback.to} left`;
  return [rollback.of === null ? `Goes back ${back}.` : `Takes back deployment ${rollback.of}, ${back}.`];
}

/** Services that kept an earlier version there. */
function renderOlder({ environment, deployment, versions }: PlanOrigin, ship: string): string[] {
  const older = Object.entries(versions).filter(([, version]) => version !== ship);
  const shown = older.slice(0, MOST_VERSIONS).map(([name, version]) => `${name} (version ${version})`);
  const more = older.length > MOST_VERSIONS ? ` and ${older.length - MOST_VERSIONS} more` : '';
  const which = older.length === 0 ? '' : `; as ${environment} runs it: ${shown.join(', ')}${more}`;
  return [`What deployment ${deployment} left in ${environment}${which}.`];
}

/** Whom it is about is said once. */
function about(subject: string, message: string): string {
  return message.startsWith(subject) ? message : `${subject}: ${message}`;
}

/** What a plan warns of, in a block of its own. */
export function renderWarnings(warnings: readonly PlanWarning[], look: Look): string[] {
  if (warnings.length === 0) return [];
  const { colors, symbols } = look;
  const shown = warnings.slice(0, MOST_WARNINGS);
  return [
    '',
    colors.yellow(count(warnings.length, 'warning')),
    ...shown.map(
      ({ subject, message }) => `  ${colors.yellow(symbols.warning)} ${look.copyable(about(subject, message))}`,
    ),
    ...(shown.length < warnings.length ? [`  … and ${warnings.length - shown.length} more`] : []),
  ];
}
