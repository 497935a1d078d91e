import { type Carried, carryThrough } from '../operation.ts';
import { readDeployments } from '../recorded.ts';
import type { Kill } from '../slipway-process.ts';
import { violate } from '../violation.ts';
import type { Phase } from './phases.ts';
import { type Beginnings, ENVIRONMENT } from './prepare.ts';

/** Runs a phase in a new folder, killed as planned, and checks what came of it. Throws a `Violation`. */
export async function runPhase(
  beginnings: Beginnings,
  phase: Phase,
  directory: string,
  kills: readonly Kill[],
  onward: 'resume' | 'the same again',
): Promise<Carried> {
  beginnings.begin(phase, directory);
  const carried = await carryThrough({
    directory,
    environment: ENVIRONMENT,
    args: phase.args,
    kills,
    onward,
    // 0 also when a kill came so late that nothing was left to do.
    codes: [phase.code, 0],
  });
  const deployments = await readDeployments(directory, ENVIRONMENT);
  const newest =
    deployments.find(({ kind, rollbackOf }) => kind !== 'rollback' || rollbackOf === null) ?? deployments[0];
  if (onward === 'resume') {
    violate(newest?.status !== phase.ends, `${newest?.id} ended as ${newest?.status}, not as ${phase.ends}.`);
  }
  await beginnings.check(phase, directory);
  return carried;
}
