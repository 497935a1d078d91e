import type { PlanRuntime } from '../plan/plan.ts';
import { runtimeOf } from '../plan/plan-deployment.ts';
import type { Workspace } from './workspace.ts';

/** How an environment was run last; before the first deployment, as the config says. */
export async function recordedRuntime(workspace: Workspace, environment: string): Promise<PlanRuntime> {
  const [newest] = await workspace.store.deployments({ environment, limit: 1 });
  const plan = newest && (await workspace.store.plan(newest.plan));
  return plan?.runtime ?? runtimeOf(await workspace.project());
}

/** The project's name, from the config if it can be read, else from what was deployed. */
export async function projectName(workspace: Workspace, environment: string): Promise<string> {
  const [newest] = await workspace.store.deployments({ environment, limit: 1 });
  return newest?.project ?? (await workspace.project()).name;
}
