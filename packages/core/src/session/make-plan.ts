import { relative, sep } from 'node:path';
import type { Project } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { DeploymentHeader } from '../journal/store.ts';
import { refuseMissing } from '../plan/capabilities.ts';
import type { Plan, PlanRuntime } from '../plan/plan.ts';
import { planDeployment, runtimeOf } from '../plan/plan-deployment.ts';
import { type Selected, select } from '../plan/selection.ts';
import { buildFingerprint, buildParts } from '../release/release-parts.ts';
import { changedPaths, filesUnder, readSourceTree, type SourceTree } from '../release/source-tree.ts';
import { migrationsDone } from '../rollback/migrations-done.ts';
import { planRollback } from '../rollback/plan-rollback.ts';
import type { PresentSecret } from '../rollback/present-secrets.ts';
import { type BroughtBack, chooseRollbackTarget, type RollbackTarget } from '../rollback/rollback-target.ts';
import type { DestroyOptions, PlanOptions, RollbackOptions } from '../slipway-api.ts';
import type { State } from '../state/record.ts';
import { adaptersOf } from './call-context.ts';
import { environmentToPromote } from './environment-to-promote.ts';
import { gatherFacts } from './gather-facts.ts';
import { gatherPromotion } from './gather-promotion.ts';
import { namesIn } from './names-in.ts';
import { passOverRestores } from './pass-over-restores.ts';
import { requirePromotedArtifacts } from './promoted-artifacts.ts';
import { readAllEvents } from './read-events.ts';
import { guardedAsNow, projectToEnd, routedAsThen } from './recorded-runtime.ts';
import type { Workspace } from './workspace.ts';

const NO_SOURCE: SourceTree = { version: undefined, files: [] };

/** Plans a deployment of what is declared now against what is recorded now. Changes nothing. */
export async function makeDeploymentPlan(workspace: Workspace, options: PlanOptions): Promise<Plan> {
  const project = withOptions(await workspace.project(), options);
  const { directory } = workspace;
  const mayPromote = (options.from ?? project.environment.promoteFrom) !== undefined;
  const [source, changed] = await Promise.all([
    mayPromote ? undefined : sourceOf(workspace, project, options),
    options.changedSince === undefined ? undefined : changedPaths(directory, options.changedSince),
  ]);
  return await compile(workspace, project, options, source, 'deploy', changed);
}

async function sourceOf({ directory }: Workspace, { services }: Project, { ship }: PlanOptions): Promise<SourceTree> {
  return services.length > 0 || ship === undefined ? await readSourceTree(directory) : NO_SOURCE;
}

/** Plans the end of everything that is recorded, or of the selection. Changes nothing. */
export async function makeDestructionPlan(workspace: Workspace, options: DestroyOptions): Promise<Plan> {
  const project = withOptions(await projectToEnd(workspace, await workspace.environment()), options);
  return await compile(workspace, project, options, NO_SOURCE, 'destroy', undefined);
}

async function compile(
  workspace: Workspace,
  project: Project,
  options: PlanOptions,
  /** Read already; undefined where it may not be what is released. */
  known: SourceTree | undefined,
  kind: 'deploy' | 'destroy',
  changedSince: readonly string[] | undefined,
): Promise<Plan> {
  const { store, registry } = workspace;
  const environment = project.environment.name;
  const [state, stateSeq, durations] = await Promise.all([
    store.state(environment),
    store.stateSeq(environment),
    store.durations(environment),
  ]);
  await loadProviders(workspace, state, project);
  const selected = select({ only: options.only, tags: options.tags, changedPaths: changedSince }, project, state);
  const from = known ? undefined : environmentToPromote(project, options, selected);
  // What can't be done here matters more than what is to be had there.
  if (from !== undefined) refuseMissing(project, registry, selected);
  const promotion = from === undefined ? undefined : await gatherPromotion(workspace, project, from, selected, state);
  const source = promotion ? NO_SOURCE : (known ?? (await sourceOf(workspace, project, options)));
  const secrets = await workspace.secrets(runtimeOf(project));
  const [artifacts, facts] = await Promise.all([
    promotion ? new Map<string, string>() : knownArtifacts(workspace, project, source),
    gatherFacts(workspace, project, state, selected),
  ]);
  const plan = planDeployment({
    kind,
    project,
    state,
    stateSeq,
    registry,
    source,
    ...(promotion ? { promotion } : {}),
    ship: promotion?.version ?? options.ship ?? source.version ?? 'unversioned',
    selected,
    hashSecret: (name) => workspace.hashSecret(secrets, name),
    artifactOf: (fingerprint) => artifacts.get(fingerprint),
    durations,
    tests: options.tests ?? project.environment.tests,
    facts: { ...facts, ...configIn(changedSince, project) },
  });
  if (promotion) await requirePromotedArtifacts(workspace, plan, promotion.from);
  else refuseWithoutSource(project, source, selected);
  return plan;
}

function configIn(changed: readonly string[] | undefined, { directory, file }: Project): { changedConfig?: string } {
  const config = relative(directory, file).split(sep).join('/');
  return changed?.includes(config) ? { changedConfig: config } : {};
}

/** A mistyped path would be built, and fail only where it is run. */
function refuseWithoutSource(project: Project, source: SourceTree, selected: Selected): void {
  for (const { address, name, spec } of project.services) {
    if (!selected(address) || spec.path === '' || filesUnder(source, [spec.path]).length > 0) continue;
    throw new SlipwayError('source-missing', `There is no file of ${address} under ${spec.path}.`, {
      subject: address,
      hint: `Check services.${name}.path. What git ignores is no part of a release, nor is a submodule that is not checked out (git submodule update --init).`,
    });
  }
}

/** Plans the way back: to the last stable deployment, or to the one that is named. Changes nothing. */
export async function makeRollbackPlan(
  workspace: Workspace,
  options: RollbackOptions & { isAutomatic?: boolean },
): Promise<Plan> {
  const environment = await workspace.environment();
  const history = await workspace.store.deployments({ environment, limit: 1_000 });
  const choices = options.to === undefined ? await passOverRestores(workspace, environment, history) : history;
  const broughtBack = choices[0]?.kind === 'rollback' ? await rollbacksIn(workspace, choices) : undefined;
  const target = chooseRollbackTarget(choices, options.to, broughtBack);
  return await planBackTo(workspace, environment, target, options);
}

/** What the rollbacks that people asked for brought back, which only their plans say. */
async function rollbacksIn({ store }: Workspace, history: readonly DeploymentHeader[]): Promise<BroughtBack> {
  const asked = history.filter(({ kind, rollbackOf }) => kind === 'rollback' && rollbackOf === null);
  const plans = await Promise.all(asked.map(({ plan }) => store.plan(plan)));
  return new Map(asked.map(({ id }, index) => [id, plans[index]?.rollback?.to ?? null]));
}

/** Plans how a deployment takes itself back: to the snapshot from before it. Changes nothing. */
export async function planToTakeBack(workspace: Workspace, header: DeploymentHeader): Promise<Plan> {
  const target = { of: header, to: null, seq: header.snapshot, undoes: [header.id] };
  return await planBackTo(workspace, header.environment, target, { isAutomatic: true });
}

/** Plans the way back to the state as it was right after an event. */
async function planBackTo(
  workspace: Workspace,
  environment: string,
  target: RollbackTarget,
  options: Pick<RollbackOptions, 'only' | 'maxParallel'> & { isAutomatic?: boolean } = {},
): Promise<Plan> {
  const { store, registry } = workspace;
  const [current, currentSeq, then, durations, newest] = await Promise.all([
    store.state(environment),
    store.stateSeq(environment),
    store.state(environment, target.seq),
    store.durations(environment),
    store.plan(target.of.plan),
  ]);
  if (!newest) throw planMissing(target.of.id);
  await loadProviders(workspace, new Map([...current, ...then]), undefined, newest.runtime.platform.use);
  const runtime = await routedAsThen(workspace, environment, newest.runtime, then);
  const both = new Map([...then, ...current]);
  const nobody = { resources: [], services: [], moved: [] };
  const selected = select({ only: options.only }, nobody, both);
  const undone = new Set(target.undoes);
  const events = await readAllEvents(store, { environment, after: target.seq });
  const migrations = migrationsDone(events.filter(({ deployment }) => deployment !== null && undone.has(deployment)));
  return planRollback({
    project: newest.project,
    environment,
    current,
    currentSeq,
    target: then,
    migrations: migrations.filter((migration) => selected(migration.service)),
    registry,
    presentSecret: await presentSecrets(workspace, newest.runtime),
    selected,
    durations,
    limits: options.maxParallel === undefined ? newest.limits : { ...newest.limits, overall: options.maxParallel },
    runtime: await guardedAsNow(workspace, runtime),
    rollback: { of: target.of.id, to: target.to?.id ?? null },
    ship: target.to?.ship ?? 'none',
    isAutomatic: options.isAutomatic ?? false,
  });
}

/** Hashes of the secrets that can be had; a rollback goes without the others. */
async function presentSecrets(workspace: Workspace, runtime: PlanRuntime): Promise<PresentSecret> {
  const secrets = await workspace.secrets(runtime);
  return (name) => (secrets.has(name) ? workspace.hashSecret(secrets, name) : undefined);
}

export function planMissing(deployment: string): SlipwayError {
  return new SlipwayError('plan-missing', `The plan of ${deployment} is not in the state any more.`, {
    subject: deployment,
    hint: 'The state was altered: run slipway audit verify.',
  });
}

/** Providers are loaded before planning, because planning itself is pure. */
async function loadProviders(workspace: Workspace, state: State, project?: Project, platform?: string): Promise<void> {
  const names = new Set<string>(platform === undefined ? [] : [platform]);
  for (const name of namesIn(state)) names.add(name);
  for (const resource of project?.resources ?? []) names.add(resource.type);
  if (project && project.services.length > 0) {
    for (const name of adaptersOf(project.environment)) names.add(name);
  }
  await workspace.registry.load(names);
}

/** Built before and still there: by build fingerprint. */
async function knownArtifacts(
  workspace: Workspace,
  project: Project,
  source: SourceTree,
): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (const service of project.services) {
    const fingerprint = buildFingerprint(buildParts(source, service));
    const entry = await workspace.store.artifact(fingerprint);
    if (entry && (await workspace.artifacts.has(entry.digest))) known.set(fingerprint, entry.digest);
  }
  return known;
}

function withOptions(project: Project, options: PlanOptions): Project {
  const { environment } = project;
  const overall = options.sequential ? 1 : (options.maxParallel ?? environment.limits.overall);
  return {
    ...project,
    environment: {
      ...environment,
      onFailure: options.onFailure ?? environment.onFailure,
      limits: { ...environment.limits, overall },
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    },
  };
}
