import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Session } from './session.ts';

/** Relative to where the person is; undefined when there is none. */
export function logFileOf(session: Session, deployment: string): string | undefined {
  const file = join(session.stateDirectory, 'logs', 'deployments', `${deployment}.log`);
  return existsSync(file) ? relative(process.cwd(), file) : undefined;
}
