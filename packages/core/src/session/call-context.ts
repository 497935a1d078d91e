import type { PlanRuntime } from '../plan/plan.ts';
import type { CallContext } from '../provider/contract.ts';
import { projectName } from './recorded-runtime.ts';
import type { Workspace } from './workspace.ts';

/** For provider calls outside of a deployment, which only look: they carry the newest epoch and log nothing. */
export async function lookingContext(
  workspace: Workspace,
  environment: string,
  runtime: Pick<PlanRuntime, 'platform'>,
  signal: AbortSignal = AbortSignal.timeout(60_000),
): Promise<CallContext> {
  const { directory, stateDirectory, store } = workspace;
  const epoch = (await store.readLock(environment))?.epoch ?? 0;
  const project = await projectName(workspace, environment);
  return { signal, project, directory, stateDirectory, environment, platform: runtime.platform, epoch, log: () => {} };
}
