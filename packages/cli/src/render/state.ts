import type { State, StateRecord } from '@slipway/core';
import type { Look } from './plan.ts';
import { renderTable } from './table.ts';

/** Everything that is recorded, as a table. */
export function renderState(state: State, { colors }: Look): string[] {
  if (state.size === 0) return ['Nothing is recorded.'];
  const rows = sorted(state).map((record) => [
    record.address,
    typeOf(record),
    idOf(record) ?? '-',
    record.kind === 'resource' && record.incomplete !== undefined ? colors.yellow('incomplete') : '',
  ]);
  return renderTable(['ADDRESS', 'TYPE', 'ID', ''], rows);
}

/** `state list --json`. */
export function stateDocument(state: State): { resources: Record<string, unknown>[] } {
  return {
    resources: sorted(state).map((record) => ({
      address: record.address,
      type: typeOf(record),
      id: idOf(record),
      outputs: record.outputs,
      dependsOn: record.dependsOn,
      tags: record.tags,
    })),
  };
}

function sorted(state: State): StateRecord[] {
  return [...state.values()].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}

function typeOf(record: StateRecord): string {
  return record.kind === 'resource' ? record.type : `service (${record.platform})`;
}

/** A service is known by the revision that has its traffic. */
function idOf(record: StateRecord): string | null {
  if (record.kind === 'resource') return record.id;
  return Object.values(record.revisions).find(({ role }) => role === 'active')?.id ?? null;
}
