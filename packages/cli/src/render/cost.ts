import type { CostItem, CostReport, MonthlyCost, PlanCost } from '@slipway/core';
import { formatMoney } from './money.ts';
import type { Look } from './plan.ts';
import { renderTable } from './table.ts';
import { grouped } from './text.ts';

/** One line: what everything costs before and after; none while nothing is known to cost anything. */
export function renderPlanCost(cost: PlanCost | undefined, { colors, symbols }: Look): string[] {
  if (!cost) return [];
  const amounts = cost.monthly.map(({ currency, before, after }) => {
    const then = formatMoney({ amount: after, currency });
    const now = formatMoney({ amount: before, currency }, { withCurrency: false });
    return before === after ? then : `${now} ${symbols.arrow} ${then}`;
  });
  return [`${colors.bold('cost')}: ${amounts.join(', ')} a month${notKnown(cost.unknown.length)}`];
}

/** Everything that is recorded with its cost, as a table, and the total by currency. */
export function renderCost({ environment, items, monthly, unknown }: CostReport, { colors }: Look): string[] {
  if (items.length === 0) return [`Nothing is recorded for ${environment}, so nothing is known to cost anything.`];
  const rows = items.map((item) => [
    item.address,
    typeOf(item),
    item.monthly ? formatAll(item.monthly) : colors.yellow('not known'),
  ]);
  return [
    ...renderTable(['ADDRESS', 'TYPE', 'A MONTH'], rows),
    '',
    `${colors.bold('total')}: ${formatAll(monthly)} a month${notKnown(unknown.length)}`,
  ];
}

function typeOf({ type, platform }: CostItem): string {
  return platform === undefined ? type : `${type} (${platform})`;
}

function formatAll(costs: readonly MonthlyCost[]): string {
  return costs.length === 0 ? '0' : costs.map((cost) => formatMoney(cost)).join(', ');
}

function notKnown(nodes: number): string {
  return nodes === 0 ? '' : `, ${grouped(nodes)} not known`;
}
