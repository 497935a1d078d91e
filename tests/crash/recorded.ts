import { join } from 'node:path';
import { type AuditReport, type DeploymentStatus, openSqliteStore, readKey, type State } from '@slipway/core';

export interface RecordedDeployment {
  id: string;
  kind: string;
  status: DeploymentStatus;
  rollbackOf: string | null;
}

/** What Slipway has put down about a project, read by a store of this process's own. */
export interface Recorded {
  state: State;
  /** Newest first. */
  deployments: RecordedDeployment[];
  audit: AuditReport;
}

export async function readRecorded(directory: string, environment: string): Promise<Recorded> {
  const folder = join(directory, '.slipway');
  const store = await openSqliteStore({ file: join(folder, 'state.db'), key: await readKey(folder) });
  try {
    const [state, deployments, audit] = [
      await store.state(environment),
      await store.deployments({ environment, limit: 1_000 }),
      await store.audit(),
    ];
    return { state, deployments, audit };
  } finally {
    await store.close();
  }
}

/** A deployment that is over for good, and what took it back too. */
export function isOver([newest, ...older]: readonly RecordedDeployment[]): boolean {
  if (!newest || !['completed', 'rolled_back'].includes(newest.status)) return false;
  const takenBack = older.find(({ id }) => id === newest.rollbackOf);
  return newest.kind !== 'rollback' || takenBack?.status !== 'rolling_back';
}
