import type { Change, ChangeAction } from '@slipway/core';
import type { Colors } from '../output/colors.ts';
import type { Look } from './plan.ts';
import { count, grouped } from './text.ts';
import { formatChange, formatValue } from './value.ts';

type Effective = Exclude<ChangeAction, 'none'>;

const order: readonly Effective[] = ['create', 'update', 'replace', 'delete'];
const past: Record<Effective, string> = {
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  delete: 'deleted',
};
const signs: Record<Effective, { sign: string; color: keyof Colors }> = {
  create: { sign: '  +', color: 'green' },
  update: { sign: '  ~', color: 'yellow' },
  replace: { sign: '-/+', color: 'magenta' },
  delete: { sign: '  -', color: 'red' },
};
const MOST_REASONS = 12;

/** The mark of an action, coloured: `+`, `~`, `-/+`, `-`. */
export function signOf(action: Effective, colors: Colors): string {
  const { sign, color } = signs[action];
  return colors[color](sign);
}

/** What will change, grouped by action, each with its reasons; at most `most` lines, the rest as counts. */
export function renderChanges(changes: readonly Change[], look: Look, most: number): string[] {
  const lines: string[] = [];
  const groups = order.map((action) => changes.filter((change) => change.action === action));
  const present = groups.filter((group) => group.length > 0).length;
  let left = most;
  for (const [index, action] of order.entries()) {
    const group = groups[index] as Change[];
    if (group.length === 0) continue;
    // What the groups before didn't need is free for this one; the others keep their even share.
    const share =
      left - Math.floor(most / present) * groups.slice(index + 1).filter((later) => later.length > 0).length;
    const rendered = renderGroup(group, action, look, Math.max(4, share));
    lines.push(...rendered);
    left -= rendered.length;
  }
  const unchanged = changes.filter((change) => change.action === 'none').length;
  if (unchanged > 0) lines.push(look.colors.dim(`${count(unchanged, 'node')} unchanged`));
  return lines;
}

function renderGroup(group: readonly Change[], action: Effective, look: Look, most: number): string[] {
  const lines = [look.colors.bold(`${count(group.length, 'node')} to be ${past[action]}`)];
  let shown = 0;
  for (const change of group) {
    const rendered = renderChange(change, action, look);
    if (lines.length + rendered.length > most && shown > 0) break;
    lines.push(...rendered);
    shown += 1;
  }
  if (shown < group.length) lines.push(`    … and ${grouped(group.length - shown)} more`);
  return lines;
}

function renderChange(change: Change, action: Effective, look: Look): string[] {
  const { colors } = look;
  const moved = change.movedFrom === undefined ? '' : ` (moved from ${change.movedFrom})`;
  const shown = action === 'delete' ? [] : change.reasons.slice(0, MOST_REASONS);
  const hidden = action === 'delete' ? 0 : change.reasons.length - shown.length;
  const widest = shown.reduce((width, { path }) => Math.max(width, path.length), 0);
  return [
    `${signOf(action, colors)} ${change.address} ${colors.dim(change.type)}${moved}`,
    ...shown.map(({ path, before, after, replaces }) => {
      const label = colors.dim(path.padEnd(widest));
      const value = before === null ? formatValue(after) : formatChange(before, after, look.symbols.arrow);
      return `      ${label}  ${value}${replaces ? colors.magenta(' (forces replacement)') : ''}`;
    }),
    ...(hidden > 0 ? [`      … and ${hidden} more properties`] : []),
  ];
}
