import { type Address, isAddress } from '../address.ts';
import type { Project, ResourceDeclaration, ServiceDeclaration, TestLevel } from '../config/project.ts';
import { PlanCosts, specsAfter } from '../cost/plan-costs.ts';
import { Graph } from '../graph/graph.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { SourceTree } from '../release/source-tree.ts';
import {
  activeRevision,
  type ResourceRecord,
  type ServiceRecord,
  type State,
  type StateRecord,
} from '../state/record.ts';
import { assemblePlan } from './assemble.ts';
import { refuseMissing } from './capabilities.ts';
import type { Change } from './change.ts';
import { recordedDependents } from './dependents.ts';
import { factWarnings } from './fact-warnings.ts';
import type { Facts } from './facts.ts';
import { KnownOutputs } from './known-outputs.ts';
import { StepOrder } from './order.ts';
import type { Plan, PlanCost, PlanKind, PlanRuntime, PlanWarning } from './plan.ts';
import { asReleased, contractSource, originOf, type Promotion, refuseUnreleased } from './promotion.ts';
import { refuse } from './refusals.ts';
import { decideResource, predictOutputs } from './resource-change.ts';
import { emitDeletions, emitResource, type ResourceIntent } from './resource-steps.ts';
import type { HashSecret } from './secret-names.ts';
import type { Selected } from './selection.ts';
import { decideService } from './service-change.ts';
import { emitServiceRemoval, ServiceRollouts } from './service-steps.ts';
import { StepDrafts } from './step-drafts.ts';
import { visitWarnings } from './visits.ts';
import { wantedInstances } from './wanted-instances.ts';
import { collectWarnings, lockstepWarnings, unmetDependency } from './warnings.ts';

/** Everything a plan is made of. The planner reads no clock, no disk and no network. */
export interface PlanInput {
  kind: PlanKind;
  project: Project;
  state: State;
  /** Sequence number of the newest event that changed `state`. */
  stateSeq: number;
  /** With every provider loaded that the project or the state names. */
  registry: ProviderRegistry;
  /** What is built and released, where `promotion` doesn't say what is. */
  source: SourceTree;
  /** Releases of another environment, which take the place of the source. */
  promotion?: Promotion;
  ship: string;
  selected: Selected;
  hashSecret: HashSecret;
  artifactOf: (fingerprint: string) => string | undefined;
  /** Recorded, in ms, by step id. */
  durations: ReadonlyMap<string, number>;
  tests: TestLevel;
  facts: Facts;
}

/**
 * Compares what is declared with what is recorded and compiles the difference into steps. Pure: equal
 * input, equal plan. Linear in nodes plus dependencies. Throws `capability-missing`, `protected`,
 * `migration-irreversible`, `dependency-unmet`, `output-unknown`, `secret-missing`, `cycle`, `promotion-refused`.
 */
export function planDeployment(asked: PlanInput): Plan {
  const { promotion, source } = asked;
  const files = promotion || asked.kind !== 'deploy' ? undefined : new Set(source.files.map(({ path }) => path));
  refuseMissing(asked.project, asked.registry, asked.selected, files);
  if (promotion) refuseUnreleased(promotion, asked.project, asked.selected);
  const input = promotion ? { ...asked, project: asReleased(asked.project, promotion) } : asked;
  const planning = new Planning(input);
  const declared = declaredInOrder(input.project);
  for (const node of declared) {
    if ('type' in node) planning.resource(node);
    else planning.service(node);
  }
  planning.removals(new Set(declared.map((node) => node.address)));
  return planning.finish(declared);
}

function declaredInOrder(project: Project): (ResourceDeclaration | ServiceDeclaration)[] {
  const graph = new Graph<ResourceDeclaration | ServiceDeclaration>();
  const nodes = [...project.resources, ...project.services];
  for (const node of nodes) graph.add(node.address, node);
  for (const node of nodes) for (const need of node.dependsOn) graph.addDependency(node.address, need);
  return graph.topologicalOrder().map((address) => graph.get(address)!);
}

class Planning {
  readonly #input: PlanInput;
  readonly #known = new KnownOutputs();
  readonly #order = new StepOrder();
  readonly #drafts: StepDrafts;
  readonly #rollouts: ServiceRollouts;
  readonly #changes = new Map<Address, Change>();
  readonly #intents: ResourceIntent[] = [];
  readonly #removedServices: ServiceRecord[] = [];
  readonly #warnings: PlanWarning[] = [];
  readonly #costs: PlanCosts;
  readonly #movedFrom: ReadonlyMap<Address, Address>;
  readonly #automaticTags: ReadonlySet<string>;
  readonly #services: ReadonlyMap<Address, ServiceDeclaration>;

  constructor(input: PlanInput) {
    this.#input = input;
    this.#costs = new PlanCosts(input.registry);
    this.#drafts = new StepDrafts(input.registry, input.durations);
    this.#rollouts = new ServiceRollouts(
      this.#drafts,
      this.#order,
      input.project.environment,
      input.registry,
      input.tests,
    );
    this.#movedFrom = movesThatApply(input.project, input.state);
    this.#automaticTags = new Set(input.project.automaticTags);
    this.#services = new Map(input.project.services.map((service) => [service.address, service]));
  }

  resource(declaration: ResourceDeclaration): void {
    const { address } = declaration;
    const movedFrom = this.#movedFrom.get(address);
    const record = this.#input.state.get(movedFrom ?? address) as ResourceRecord | undefined;
    if (!this.#input.selected(address)) {
      this.#leave(declaration, record);
      return;
    }
    const type = this.#input.registry.requireResourceType(declaration.type, address);
    this.#checkDependencies(declaration);
    const known = this.#known;
    const { hashSecret } = this.#input;
    const decision = decideResource({
      declaration,
      record,
      movedFrom,
      type,
      known,
      hashSecret,
      automaticTags: this.#automaticTags,
    });
    this.#changes.set(address, decision.change);
    this.#costs.resource(address, declaration.type, decision.resolved);
    const { timeoutMs, retries } = declaration;
    const options = {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(retries === undefined ? {} : { retries }),
    };
    const intent = { change: decision.change, record, desired: decision.desired, changed: decision.changed, options };
    this.#intents.push(intent);
    emitResource(intent, this.#drafts, this.#order);
    const touched =
      decision.change.action !== 'none' && (decision.change.action !== 'update' || decision.changed.length > 0);
    if (!touched && record) this.#known.set(address, record.outputs, true);
    else this.#known.set(address, predictOutputs(type, decision.resolved), false);
  }

  service(declaration: ServiceDeclaration): void {
    const { address } = declaration;
    const record = this.#input.state.get(address) as ServiceRecord | undefined;
    const platform = this.#input.registry.platform(this.#input.project.environment.platform.use);
    const predicted = platform?.predict?.(declaration.name, declaration.spec) ?? {};
    if (!this.#input.selected(address)) {
      this.#leave(declaration, record);
      return;
    }
    this.#checkDependencies(declaration);
    const { ship, source, promotion, hashSecret, artifactOf, facts } = this.#input;
    const dependencies = declaration.dependsOn.flatMap((need) => this.#services.get(need) ?? []);
    const decision = decideService({
      declaration,
      record,
      ship,
      promoted: promotion?.releases.get(address),
      sourceOf: (service) => (promotion ? contractSource(promotion, service) : source),
      dependencies,
      known: this.#known,
      hashSecret,
      artifactOf,
      automaticTags: this.#automaticTags,
      instances: wantedInstances(declaration.spec, platform, this.#input.project.environment),
      running: this.#runningOf(declaration, record, facts),
    });
    this.#changes.set(address, decision.change);
    this.#rollouts.add(declaration, record, decision);
    const stays = record && activeRevision(record)?.id === decision.desired.id;
    if (stays) this.#known.set(address, record.outputs, true);
    else this.#known.set(address, predicted, false);
  }

  /** Undefined where it isn't known: not looked at, or on another platform than the environment's. */
  #runningOf({ name }: ServiceDeclaration, record: ServiceRecord | undefined, { running }: Facts) {
    if (record?.platform !== this.#input.project.environment.platform.use) return undefined;
    return running && (running.get(name) ?? []);
  }

  /** What is recorded and no longer declared goes. */
  removals(declared: ReadonlySet<Address>): void {
    const moved = new Set(this.#movedFrom.values());
    for (const [address, record] of this.#input.state) {
      if (declared.has(address) || moved.has(address)) continue;
      if (!this.#input.selected(address)) {
        this.#costs.stays(record);
        continue;
      }
      const type = record.kind === 'resource' ? record.type : 'service';
      const change: Change = {
        address,
        type,
        action: 'delete',
        reasons: [{ path: 'declaration', before: 'recorded', after: null, replaces: false }],
      };
      this.#changes.set(address, change);
      if (record.kind === 'service') this.#removedServices.push(record);
      else this.#intents.push({ change, record, changed: [], options: {} });
    }
  }

  finish(declared: readonly (ResourceDeclaration | ServiceDeclaration)[]): Plan {
    const { project, state, stateSeq, kind, ship, promotion } = this.#input;
    const changes = [...this.#changes.values()];
    const { selected, registry } = this.#input;
    refuse({ changes, project, state, selected, registry });
    const deleted = new Set(changes.filter((change) => change.action === 'delete').map((change) => change.address));
    const renamed = new Map([...this.#movedFrom].map(([to, from]) => [from, to]));
    const dependents = recordedDependents(state, (address) => deleted.has(address), renamed);
    for (const record of this.#removedServices) emitServiceRemoval(record, this.#drafts, this.#order, dependents);
    emitDeletions(this.#intents, this.#drafts, this.#order, dependents);
    const movesTogether = this.#rollouts.bindGroups();
    this.#rollouts.retireAll();
    const cost = this.#cost();
    const plan = assemblePlan(
      {
        kind,
        project: project.name,
        environment: project.environment.name,
        ship,
        ...(promotion ? { from: originOf(promotion, project, this.#input.selected) } : {}),
        base: { seq: stateSeq },
        changes,
        ...(cost ? { cost } : {}),
        // Who moves together goes back together.
        onFailure: movesTogether ? 'rollback' : project.environment.onFailure,
        limits: project.environment.limits,
        runtime: runtimeOf(project),
        ...(project.environment.timeoutMs === undefined ? {} : { timeoutMs: project.environment.timeoutMs }),
        warnings: [
          ...this.#warnings,
          ...this.#rollouts.notes,
          ...(movesTogether ? lockstepWarnings(project) : []),
          ...collectWarnings(this.#intents, declared, changes, this.#input.registry),
          ...factWarnings(this.#input.facts, project, state, this.#changes),
          ...visitWarnings(this.#input.facts, project, this.#changes),
        ],
      },
      this.#drafts.list,
    );
    return plan;
  }

  /** Outside the selection: not touched, its recorded outputs serve. */
  #leave(declaration: ResourceDeclaration | ServiceDeclaration, record: StateRecord | undefined): void {
    if (!record) return;
    this.#known.set(declaration.address, record.outputs, true);
    this.#costs.stays(record);
  }

  /** With what will run of each service, which only its steps say. */
  #cost(): PlanCost | undefined {
    const { project, state, selected } = this.#input;
    const steps = Map.groupBy(project.services.length > 0 ? this.#drafts.list : [], ({ subject }) => subject);
    for (const { address } of project.services) {
      if (!selected(address)) continue;
      const record = state.get(address) as ServiceRecord | undefined;
      const platform = record?.platform ?? project.environment.platform.use;
      this.#costs.service(address, platform, specsAfter(record, steps.get(address) ?? []));
    }
    this.#costs.before(state);
    return this.#costs.total();
  }

  #checkDependencies(declaration: ResourceDeclaration | ServiceDeclaration): void {
    for (const need of declaration.dependsOn) {
      if (!isAddress(need) || this.#input.selected(need)) continue;
      this.#warnings.push(
        ...unmetDependency(declaration, need, this.#input.state.get(this.#movedFrom.get(need) ?? need)),
      );
    }
  }
}

/** What running a plan takes of the project. */
export function runtimeOf({ environment, secretFiles }: Project): PlanRuntime {
  const { platform, router, metricSources } = environment;
  return {
    platform,
    ...(router ? { router } : {}),
    ...(Object.keys(metricSources).length > 0 ? { metricSources } : {}),
    secretFiles,
    protected: environment.protected,
  };
}

/**
 * By new address, the one it is recorded under; only where the old is recorded and the new isn't. Platforms know
 * services by their names, so a service under a new name is another one.
 */
function movesThatApply(project: Project, state: State): Map<Address, Address> {
  const moves = new Map<Address, Address>();
  for (const { from, to } of project.moved) {
    if (state.get(from)?.kind === 'resource' && !state.has(to)) moves.set(to, from);
  }
  return moves;
}
