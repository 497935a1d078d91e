import type { Address } from './address.ts';
import { configInvalid, loadProject, validateProject } from './config/load-project.ts';
import { type CostReport, reportCost } from './cost/cost-report.ts';
import { apply, deploy } from './deploy.ts';
import { SlipwayError } from './errors.ts';
import type { JournalEvent } from './journal/event.ts';
import { followEvents } from './journal/follow.ts';
import type { AuditReport, DeploymentHeader } from './journal/store.ts';
import type { Plan, PlanKind } from './plan/plan.ts';
import { planDrift } from './plan/plan-drift.ts';
import type { LogLine } from './provider/contract.ts';
import { summaryOf } from './report/project-report.ts';
import type { DeploymentReport } from './report/report.ts';
import { acceptKey } from './session/accept-key.ts';
import { audit } from './session/audit.ts';
import { lookingContext } from './session/call-context.ts';
import { importResource, importService, moveState, removeState } from './session/edit-state.ts';
import { isBack, isOpen } from './session/is-open.ts';
import { leaveWish } from './session/leave-wish.ts';
import { lookAtDrift } from './session/look-at-drift.ts';
import { lookAtStatus } from './session/look-at-status.ts';
import { makeDeploymentPlan, makeDestructionPlan, makeRollbackPlan } from './session/make-plan.ts';
import { readAllEvents } from './session/read-events.ts';
import { readReport, requireDeployment } from './session/read-report.ts';
import { readServiceLogs } from './session/read-service-logs.ts';
import { environmentLimits, guardedAsNow, projectName, recordedRuntime } from './session/recorded-runtime.ts';
import { resume } from './session/resume.ts';
import { showGraph } from './session/show-graph.ts';
import { endsWithIt, havingStopped, stopWaiting } from './session/stop-waiting.ts';
import { takeSavedPlan } from './session/take-saved-plan.ts';
import { underLock } from './session/under-lock.ts';
import { settleUnfinished } from './session/unfinished.ts';
import { Workspace } from './session/workspace.ts';
import type {
  DeployOptions,
  DestroyOptions,
  DriftReport,
  EnvironmentStatus,
  LeftWish,
  PlanOptions,
  ResumeOptions,
  RollbackOptions,
  RunOptions,
  SlipwayApi,
  SlipwayEvent,
  SlipwayOptions,
  ValidationReport,
} from './slipway-api.ts';
import type { State, StateRecord } from './state/record.ts';

const DEFAULT_HISTORY = 20;

/** The programmatic interface; see {@link SlipwayApi} for what each call promises. */
export class Slipway implements SlipwayApi {
  readonly #workspace: Workspace;
  readonly #options: SlipwayOptions;
  readonly #listeners = new Set<(event: SlipwayEvent) => void>();

  private constructor(workspace: Workspace, options: SlipwayOptions) {
    this.#workspace = workspace;
    this.#options = options;
  }

  /** Opens a project's folder. Throws `config-missing`, `directory-missing` and errors of the store. */
  static async open(options: SlipwayOptions): Promise<Slipway> {
    return new Slipway(await Workspace.open(options), options);
  }

  /** Reads the config alone: needs no state and leaves nothing behind. */
  static async validate(options: SlipwayOptions): Promise<ValidationReport> {
    const directory = options.directory ?? process.cwd();
    const variables = options.variables ?? process.env;
    const load = { directory, file: options.config, registry: options.registry, variables };
    const { problems, environments } = await validateProject(load);
    if (problems.length > 0) throw configInvalid(problems);
    const names = options.environment === undefined ? environments : [options.environment];
    const projects = await Promise.all(names.map((environment) => loadProject({ ...load, environment })));
    const [first] = projects;
    return {
      project: first?.name ?? '',
      file: first?.file ?? '',
      environments: projects.map(({ environment, resources, services }) => ({
        name: environment.name,
        resources: resources.length,
        services: services.length,
      })),
    };
  }

  async validate(): Promise<ValidationReport> {
    return await Slipway.validate(this.#options);
  }

  async plan(options: PlanOptions = {}): Promise<Plan> {
    return await makeDeploymentPlan(this.#workspace, options);
  }

  async deploy(options: DeployOptions = {}): Promise<DeploymentReport> {
    return await deploy(this.#workspace, options, this.#emit);
  }

  async planDestroy(options: DestroyOptions = {}): Promise<Plan> {
    return await makeDestructionPlan(this.#workspace, options);
  }

  async destroy(options: DestroyOptions = {}): Promise<DeploymentReport> {
    return await this.#run('destroy', options, () => this.planDestroy(options));
  }

  async planRollback(options: RollbackOptions = {}): Promise<Plan> {
    return await makeRollbackPlan(this.#workspace, options);
  }

  async rollback(options: RollbackOptions = {}): Promise<DeploymentReport> {
    const plan = () => this.planRollback(options);
    const stopped = options.plan ? undefined : await stopWaiting(this.#workspace, options);
    if (stopped === undefined) return await this.#run('rollback', options, plan);
    // It takes itself back and frees the lock; should it die instead, the lock is taken over.
    const patient = { ...options, waitForLockMs: Number.POSITIVE_INFINITY };
    const enough = endsWithIt(options) ? stopped : undefined;
    return await havingStopped(stopped, options, () => this.#run('rollback', patient, plan, enough));
  }

  async resume(options: ResumeOptions = {}): Promise<DeploymentReport> {
    return await resume(this.#workspace, options, this.#emit);
  }

  async control(
    what: 'cancel' | 'abort' | 'pause' | 'continue' | 'promote',
    deployment?: string,
    reason?: string,
  ): Promise<LeftWish> {
    return await leaveWish(this.#workspace, await this.#deployment(deployment), what, reason);
  }

  async status(): Promise<EnvironmentStatus> {
    return await lookAtStatus(this.#workspace);
  }

  async report(deployment?: string): Promise<DeploymentReport> {
    return await readReport(this.#workspace.store, (await this.#deployment(deployment)).id);
  }

  async history(limit = DEFAULT_HISTORY): Promise<Omit<DeploymentReport, 'steps'>[]> {
    const { store, named } = this.#workspace;
    const headers = await store.deployments(named === undefined ? { limit } : { environment: named, limit });
    return headers.map((header) => summaryOf(header));
  }

  async *events(
    deployment: string | undefined,
    options: { follow?: boolean; signal?: AbortSignal } = {},
  ): AsyncIterable<JournalEvent> {
    const { store } = this.#workspace;
    const header = await this.#deployment(deployment);
    const query = { environment: header.environment, deployment: header.id };
    if (!options.follow || !isOpen(header)) {
      yield* await readAllEvents(store, query);
      return;
    }
    for await (const event of followEvents(store, query, options.signal ?? new AbortController().signal)) {
      yield event;
      if (event.type === 'deployment.ended') return;
    }
  }

  async *logs(
    service: string,
    options: { lines?: number; follow?: boolean; signal?: AbortSignal } = {},
  ): AsyncIterable<LogLine> {
    yield* readServiceLogs(this.#workspace, service, options);
  }

  async graph(): ReturnType<SlipwayApi['graph']> {
    return await showGraph(this.#workspace);
  }

  async state(): Promise<State> {
    return await this.#workspace.store.state(await this.#workspace.environment());
  }

  async cost(): Promise<CostReport> {
    const workspace = this.#workspace;
    const environment = await workspace.environment();
    return reportCost(environment, await workspace.stateWithProviders(environment), workspace.registry);
  }

  async drift(): Promise<DriftReport> {
    const workspace = this.#workspace;
    const environment = await workspace.environment();
    const state = await workspace.stateWithProviders(environment);
    const runtime = await recordedRuntime(workspace, environment);
    const secrets = await workspace.secrets(runtime);
    const context = await lookingContext(workspace, environment, runtime, AbortSignal.timeout(600_000));
    return await lookAtDrift({
      workspace,
      environment,
      state,
      context,
      limits: await environmentLimits(workspace, environment),
      secret: (name) => workspace.clearSecret(secrets, name),
    });
  }

  async fixDrift(options: RunOptions = {}): Promise<DeploymentReport> {
    const { store, registry } = this.#workspace;
    return await this.#run('drift', options, async (environment) => {
      const [drift, state, stateSeq, durations, limits, runtime, project, latest] = await Promise.all([
        this.drift(),
        store.state(environment),
        store.stateSeq(environment),
        store.durations(environment),
        environmentLimits(this.#workspace, environment),
        recordedRuntime(this.#workspace, environment).then((runtime) => guardedAsNow(this.#workspace, runtime)),
        projectName(this.#workspace, environment),
        store.deployments({ environment, limit: 1 }),
      ]);
      return planDrift({
        project,
        environment,
        drift,
        state,
        stateSeq,
        registry,
        durations,
        limits,
        runtime,
        ship: latest[0]?.ship ?? 'none',
      });
    });
  }

  async import(address: Address, id: string): Promise<StateRecord> {
    const isService = address.startsWith('service:');
    return await (isService ? importService : importResource)(this.#workspace, address, id);
  }

  async moveState(from: Address, to: Address): Promise<void> {
    await moveState(this.#workspace, from, to);
  }

  async removeState(address: Address): Promise<void> {
    await removeState(this.#workspace, address);
  }

  async audit(anchors: Record<string, string> = {}): Promise<AuditReport> {
    return await audit(this.#workspace, anchors);
  }

  async acceptKey(): Promise<string[]> {
    return await acceptKey(this.#workspace);
  }

  on(listener: (event: SlipwayEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#workspace.close();
  }

  readonly #emit = (event: SlipwayEvent): void => {
    for (const listener of this.#listeners) listener(event);
  };

  /**
   * Plans and applies under the lock, after what an earlier run left was settled. `enough`: a deployment whose
   * own way back is all that is wanted, when it has gone that way by the time that the lock is free.
   */
  async #run(
    kind: PlanKind,
    options: RunOptions,
    makePlan: (environment: string) => Promise<Plan>,
    enough?: string,
  ): Promise<DeploymentReport> {
    const workspace = this.#workspace;
    const environment = await workspace.environment();
    return await underLock(workspace, environment, options, this.#emit, async (lock) => {
      const ended = enough === undefined ? undefined : await requireDeployment(workspace.store, enough);
      if (ended && isBack(ended)) return await readReport(workspace.store, ended.id);
      await settleUnfinished({ workspace, lock, options, emit: this.#emit }, environment);
      const plan = options.plan
        ? await takeSavedPlan(workspace, options.plan, environment, kind)
        : await makePlan(environment);
      return await apply(workspace, lock, plan, options, this.#emit);
    });
  }

  /** The named deployment, else the environment's newest. */
  async #deployment(id: string | undefined): Promise<DeploymentHeader> {
    const { store } = this.#workspace;
    if (id !== undefined) return await requireDeployment(store, id);
    const environment = await this.#workspace.environment();
    const [newest] = await store.deployments({ environment, limit: 1 });
    if (newest) return newest;
    throw new SlipwayError('deployment-unknown', `Nothing was ever deployed to ${environment}.`, {
      subject: environment,
      hint: `Deploy first: slipway deploy -e ${environment}.`,
    });
  }
}
