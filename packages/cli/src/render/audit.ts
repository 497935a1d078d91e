import type { AuditReport } from '@slipway/core';
import type { Look } from './plan.ts';
import { count } from './text.ts';

/** Each environment's chain with its head, to be noted elsewhere, and whatever is wrong. */
export function renderAudit({ chains, findings }: AuditReport, { colors, symbols }: Look): string[] {
  return [
    ...chains.map(({ environment, records, head }) => {
      return `${environment}: ${count(records, 'record')}, anchor ${colors.dim(`${environment}=${head}`)}`;
    }),
    ...(findings.length === 0
      ? [`${colors.green(symbols.done)} The journal is whole.`]
      : [colors.red(`${count(findings.length, 'finding')}`)]),
    ...findings.map(({ environment, seq, what }) => `  ${colors.red(symbols.failed)} ${environment} #${seq}: ${what}`),
  ];
}
