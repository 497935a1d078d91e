import type { DriftReport } from '@slipway/core';
import type { Look } from './plan.ts';
import { count } from './text.ts';
import { formatChange } from './value.ts';

type Item = DriftReport['items'][number];

/** Whether a thing is no longer what is recorded of it. What can't be looked at doesn't count. */
export function isDrift({ status }: Pick<Item, 'status'>): boolean {
  return status === 'drifted' || status === 'missing';
}

/** What differs from the record, what is gone, and what can't be told. */
export function renderDrift(report: DriftReport, look: Look, fix: string): string[] {
  const { colors, symbols } = look;
  const drifted = report.items.filter(isDrift);
  const blind = report.items.filter(({ status }) => status === 'cannot-tell');
  const looked = report.items.length - blind.length;
  const seen =
    blind.length === 0
      ? `${count(looked, 'node')} looked at`
      : `only ${looked} of ${count(report.items.length, 'node')} could be looked at`;
  return [
    ...(drifted.length === 0
      ? [
          `${blind.length === 0 ? colors.green(symbols.done) : colors.yellow('?')} No drift on ${report.environment}: ${seen}.`,
        ]
      : [colors.bold(`${count(drifted.length, 'node')} of ${looked} on ${report.environment} drifted`)]),
    ...drifted.flatMap((item) => renderItem(item, look)),
    ...blind.map(({ address, look: where }) => {
      return `  ${colors.yellow('?')} ${address} can't be looked at${where === undefined ? '' : `: ${where}`}`;
    }),
    ...(drifted.length === 0 ? [] : ['', `Bring it back to what is recorded: ${fix}`]),
  ];
}

function renderItem({ address, status, differences, look: where }: Item, { colors, symbols }: Look): string[] {
  if (status === 'missing')
    return [`  ${colors.red('-')} ${address} is gone${where === undefined ? '' : `: ${where}`}`];
  return [
    `  ${colors.yellow('~')} ${address}`,
    ...differences.map(({ path, before, after }) => {
      return `      ${colors.dim(path)}  ${formatChange(before, after, symbols.arrow)}`;
    }),
  ];
}
