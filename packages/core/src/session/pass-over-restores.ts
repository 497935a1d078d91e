import type { DeploymentHeader } from '../journal/store.ts';
import { equalJson } from '../json.ts';
import type { State } from '../state/record.ts';
import type { Workspace } from './workspace.ts';

/**
 * Leaves out the newest deployments that only made run again what was recorded: the record is as before them, so a
 * way back that is to change something leads past them. `history`: newest first.
 */
export async function passOverRestores(
  { store }: Workspace,
  environment: string,
  history: readonly DeploymentHeader[],
): Promise<readonly DeploymentHeader[]> {
  const state = await store.state(environment);
  for (const [index, { kind, status, snapshot }] of history.entries()) {
    const mayRestore = status === 'completed' && (kind === 'deploy' || kind === 'drift');
    if (!mayRestore || !isSameState(state, await store.state(environment, snapshot))) return history.slice(index);
  }
  return history;
}

function isSameState(a: State, b: State): boolean {
  return a.size === b.size && [...a].every(([address, record]) => equalJson(record, b.get(address)));
}
