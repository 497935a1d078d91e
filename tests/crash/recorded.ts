import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AuditReport,
  type DeploymentStatus,
  openSqliteStore,
  readKey,
  type State,
  type Store,
} from '@slipway/core';

const MOST = 1_000;

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
  return await reading(directory, async (store) => ({
    state: await store.state(environment),
    deployments: await store.deployments({ environment, limit: MOST }),
    audit: await store.audit(),
  }));
}

/** Newest first; none before the state was made. */
export async function readDeployments(directory: string, environment: string): Promise<RecordedDeployment[]> {
  if (!existsSync(fileOf(directory))) return [];
  return await reading(directory, (store) => store.deployments({ environment, limit: MOST }));
}

async function reading<T>(directory: string, read: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqliteStore({ file: fileOf(directory), key: await readKey(join(directory, '.slipway')) });
  try {
    return await read(store);
  } finally {
    await store.close();
  }
}

const fileOf = (directory: string) => join(directory, '.slipway', 'state.db');

/** A deployment that is over for good, and what took it back too. */
export function isOver([newest, ...older]: readonly RecordedDeployment[]): boolean {
  if (!newest || !['completed', 'rolled_back'].includes(newest.status)) return false;
  const takenBack = older.find(({ id }) => id === newest.rollbackOf);
  return newest.kind !== 'rollback' || takenBack?.status !== 'rolling_back';
}
