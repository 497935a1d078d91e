import type { Limits, Project } from '../config/project.ts';
import type { PlanRuntime } from '../plan/plan.ts';
import { runtimeOf } from '../plan/plan-deployment.ts';
import type { ServiceRecord, State } from '../state/record.ts';
import type { Workspace } from './workspace.ts';

/** How many deployments are looked through for a router that isn't the environment's any more. */
const SEARCHED = 50;

/** How an environment was run last; before the first deployment, as the config says. */
export async function recordedRuntime(workspace: Workspace, environment: string): Promise<PlanRuntime> {
  const [newest] = await workspace.store.deployments({ environment, limit: 1 });
  const plan = newest && (await workspace.store.plan(newest.plan));
  return plan?.runtime ?? runtimeOf(await workspace.settings());
}

/** For changes: what was deployed before the environment was protected is protected now too. */
export async function guardedAsNow(workspace: Workspace, runtime: PlanRuntime): Promise<PlanRuntime> {
  if (runtime.protected) return runtime;
  const guarded = await workspace.settings().then(
    (project) => project.environment.protected,
    () => false,
  );
  return { ...runtime, protected: guarded };
}

/** For a way back: with the router that was there then, as a deployment of this environment declared it. */
export async function routedAsThen(
  { store }: Workspace,
  environment: string,
  runtime: PlanRuntime,
  then: State,
): Promise<PlanRuntime> {
  const routed = [...then.values()].find(
    (record) => record.kind === 'service' && Object.keys(record.weights).length > 0,
  ) as ServiceRecord | undefined;
  if (!routed || routed.router === runtime.router?.use) return runtime;
  const { router: _, ...rest } = runtime;
  if (routed.router === undefined) return rest;
  for (const { plan } of await store.deployments({ environment, limit: SEARCHED })) {
    const router = (await store.plan(plan))?.runtime.router;
    if (router?.use === routed.router) return { ...rest, router };
  }
  return runtime;
}

/** The project's name, from the config if it can be read, else from what was deployed. */
export async function projectName(workspace: Workspace, environment: string): Promise<string> {
  const [newest] = await workspace.store.deployments({ environment, limit: 1 });
  return newest?.project ?? (await workspace.settings()).name;
}

/** How much may run at once in an environment: as the config says; where that can't be read, as it was run last. */
export async function environmentLimits(workspace: Workspace, environment: string): Promise<Limits> {
  return (await projectToEnd(workspace, environment)).environment.limits;
}

/**
 * What ending an environment takes of its project, which declares nothing any more. From the config; where that can't be read, or doesn't have
 * the environment any more, as it was deployed last: what runs must be able to go all the same.
 */
export async function projectToEnd(workspace: Workspace, environment: string): Promise<Project> {
  try {
    return await workspace.settings();
  } catch (error) {
    const [newest] = await workspace.store.deployments({ environment, limit: 1 });
    const plan = newest && (await workspace.store.plan(newest.plan));
    if (!plan) throw error;
    const { platform, router, metricSources = {}, secretFiles, protected: guarded } = plan.runtime;
    return {
      name: plan.project,
      directory: workspace.directory,
      file: '',
      environment: {
        name: environment,
        platform,
        ...(router ? { router } : {}),
        metricSources,
        onFailure: 'stop',
        protected: guarded,
        tests: 'none',
        limits: plan.limits,
        variables: {},
        unsupported: [],
      },
      resources: [],
      services: [],
      moved: [],
      automaticTags: [],
      secretFiles,
    };
  }
}
