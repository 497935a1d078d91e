import { findReferences, unescapeReferences } from '../config/references.ts';
import { resolveReferences } from '../execute/resolve.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { PlanRuntime } from '../plan/plan.ts';
import type { CallContext } from '../provider/contract.ts';
import { projectName } from './recorded-runtime.ts';
import type { Workspace } from './workspace.ts';

/** Options of the environment, for calls: with secrets in clear. */
export type RuntimeOptions = Pick<CallContext, 'platform' | 'router' | 'metricSources'>;
type NamedRuntime = Pick<PlanRuntime, 'platform' | 'router' | 'metricSources' | 'secretFiles'>;

/** What a plan's runtime says, with its secrets put in. Throws `secret-missing`, `secret-too-short`. */
export async function runtimeOptions(workspace: Workspace, runtime: NamedRuntime): Promise<RuntimeOptions> {
  const { platform, router, metricSources } = runtime;
  const clear = await clearOf(workspace, runtime);
  return {
    platform: clear(platform),
    ...(router ? { router: clear(router) } : {}),
    ...(metricSources ? { metricSources: clear(metricSources) as Record<string, JsonObject> } : {}),
  };
}

async function clearOf(workspace: Workspace, runtime: NamedRuntime): Promise<<T extends JsonObject>(value: T) => T> {
  const { platform, router = {}, metricSources = {} } = runtime;
  // Opening the files of secrets is spared where none is named.
  if (findReferences([platform, router, metricSources] as JsonValue).length === 0) {
    return <T extends JsonObject>(value: T) => unescapeReferences(value) as T;
  }
  const secrets = await workspace.secrets(runtime);
  const sources = { record: () => undefined, secret: (name: string) => workspace.clearSecret(secrets, name) };
  return (value) => resolveReferences(value, false, sources);
}

/** For provider calls outside of a deployment, which only look: they carry the newest epoch and log nothing. */
export async function lookingContext(
  workspace: Workspace,
  environment: string,
  runtime: NamedRuntime,
  signal: AbortSignal = AbortSignal.timeout(60_000),
): Promise<CallContext> {
  const { directory, stateDirectory, store } = workspace;
  const [lock, options, project] = await Promise.all([
    store.readLock(environment),
    runtimeOptions(workspace, runtime),
    projectName(workspace, environment),
  ]);
  const epoch = lock?.epoch ?? 0;
  return { signal, project, directory, stateDirectory, environment, ...options, epoch, log: () => {} };
}

/** The names under which the registry finds what a runtime and recorded services need. */
export function adaptersOf({ platform, router, metricSources = {} }: Omit<NamedRuntime, 'secretFiles'>): string[] {
  const used = [platform, ...(router ? [router] : []), ...Object.values(metricSources)];
  return used.map(({ use }) => use);
}
