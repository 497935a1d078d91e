import type { DeploymentReport } from '../../src/report/report.ts';
import type { Slipway } from '../../src/slipway.ts';

/** Resolves when the deployment's status is this one. `deployment`: its id (default: the newest). */
export async function reaches(
  slipway: Slipway,
  status: DeploymentReport['status'],
  deployment?: string,
): Promise<void> {
  const bound = AbortSignal.timeout(60_000);
  for await (const event of slipway.events(deployment, { follow: true, signal: bound })) {
    if (event.type === 'deployment.status' && event.data.status === status) return;
  }
  throw new Error(`never ${status}`);
}
