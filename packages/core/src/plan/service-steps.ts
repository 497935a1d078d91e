import type { Address } from '../address.ts';
import type { Environment, ServiceDeclaration, TestLevel } from '../config/project.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { activeRevision, type ServiceRecord } from '../state/record.ts';
import { bindLockstep } from '../strategies/lockstep.ts';
import type { EmittedRollout } from '../strategies/rollout.ts';
import { roomFor, roomOn, withinRoom } from '../strategies/room.ts';
import { strategyFor } from '../strategies/strategies.ts';
import type { Dependents } from './dependents.ts';
import type { StepOrder } from './order.ts';
import type { PlanWarning } from './plan.ts';
import type { ServiceDecision } from './service-change.ts';
import type { StepDrafts } from './step-drafts.ts';
import { tidyService } from './tidy-service.ts';
import { wantedInstances } from './wanted-instances.ts';

const DRAIN_MS = 10_000;
const LEVELS = ['smoke', 'e2e', 'full'] as const;

/** Emits the rollouts of a plan's services; what they replace is retired when all of them have been verified. */
export class ServiceRollouts {
  readonly #drafts: StepDrafts;
  readonly #order: StepOrder;
  readonly #environment: Environment;
  readonly #registry: ProviderRegistry;
  readonly #tests: TestLevel;
  readonly #emitted: EmittedRollout[] = [];
  readonly #notes: PlanWarning[] = [];
  /** By group, what moves of it. */
  readonly #groups = new Map<string, Map<Address, EmittedRollout>>();

  constructor(
    drafts: StepDrafts,
    order: StepOrder,
    environment: Environment,
    registry: ProviderRegistry,
    tests: TestLevel,
  ) {
    this.#drafts = drafts;
    this.#order = order;
    this.#environment = environment;
    this.#registry = registry;
    this.#tests = tests;
  }

  add(declaration: ServiceDeclaration, record: ServiceRecord | undefined, decision: ServiceDecision): void {
    const { address, dependsOn } = declaration;
    if (decision.change.action === 'none') {
      this.#order.passThrough(address, dependsOn);
      return;
    }
    const active = record && activeRevision(record);
    const platform = this.#registry.requirePlatform(this.#environment.platform.use, address);
    if (record && active && active.id === decision.desired.id) {
      this.#tidy(declaration, withinRoom(record, roomFor(record, platform, this.#environment.platform)), decision);
      return;
    }
    const emitted = strategyFor(declaration, platform)(
      {
        address,
        platform: platform.name,
        desired: decision.desired,
        instances: wantedInstances(declaration.spec, platform, this.#environment),
        mostInstances: roomOn(platform, this.#environment.platform),
        active,
        traffic: record,
        others: Object.values(record?.revisions ?? {}).filter((one) => one.id !== active?.id),
        needs: this.#needsOf(declaration, active !== undefined),
        build: this.#build(declaration, decision),
        publishes: platform.publish !== undefined,
        tests: this.#testsOf(declaration),
        tags: declaration.tags,
        dependsOn,
        protect: declaration.protect,
        timeoutMs: declaration.timeoutMs,
        inLockstep: declaration.lockstep !== undefined,
      },
      this.#drafts,
    );
    this.#emitted.push(emitted);
    if (emitted.note) this.#notes.push({ code: 'note', subject: address, message: emitted.note });
    this.#join(declaration, emitted);
    this.#order.setReady(address, emitted.ready);
  }

  /** What a person should know of the rollouts before. */
  get notes(): readonly PlanWarning[] {
    return this.#notes;
  }

  /** Binds the groups that move together; true: there is one with several that move. To be called when all were added. */
  bindGroups(): boolean {
    const groups = [...this.#groups.values()].filter(({ size }) => size > 1);
    for (const group of groups) bindLockstep([...group.values()], this.#drafts);
    return groups.length > 0;
  }

  /** Emits what goes last: nothing that a way back may need goes before every service has been verified. */
  retireAll(): void {
    const verified = this.#emitted.flatMap((rollout) => rollout.ready);
    for (const rollout of this.#emitted) rollout.retire(verified.filter((step) => !rollout.ready.includes(step)));
  }

  #build(declaration: ServiceDeclaration, { desired }: ServiceDecision): string | undefined {
    if (desired.artifact !== undefined) return undefined;
    const { path, build } = declaration.spec;
    const input = {
      path,
      ...(build === undefined ? {} : { command: build }),
      fingerprint: desired.buildFingerprint,
      source: desired.release.parts.source!,
      shared: declaration.shared,
    };
    const options = declaration.timeoutMs === undefined ? {} : { timeoutMs: declaration.timeoutMs };
    return this.#drafts.service(
      declaration.address,
      this.#environment.platform.use,
      'build',
      { action: 'build', input },
      { ...options, retries: 0 },
    );
  }

  #testsOf({ spec }: ServiceDeclaration): { level: TestLevel; command: string }[] {
    if (this.#tests === 'none') return [];
    const deepest = LEVELS.indexOf(this.#tests);
    return LEVELS.slice(0, deepest + 1).flatMap((level) => {
      const command = spec.tests[level];
      return command === undefined ? [] : [{ level, command }];
    });
  }

  /** The release stays. */
  #tidy(declaration: ServiceDeclaration, record: ServiceRecord, decision: ServiceDecision): void {
    const { address, dependsOn } = declaration;
    const active = activeRevision(record)!;
    const needs = this.#order.readyAll(dependsOn);
    const build = decision.restores ? this.#build(declaration, decision) : undefined;
    const { ready, serves } = tidyService({ declaration, record, active, decision, needs, build }, this.#drafts);
    // What others replace is not taken away before this serves again: a way back may need it.
    if (serves.length > 0) this.#emitted.push({ checked: [], moves: [], ready: serves, retire: () => {} });
    this.#order.setReady(address, ready);
  }

  /** What is in the same group and moves needs to be checked only: it waits for this one as this one for it. */
  #needsOf({ dependsOn, lockstep }: ServiceDeclaration, moves: boolean): string[] {
    const group = moves && lockstep !== undefined ? this.#groups.get(lockstep) : undefined;
    const others = dependsOn.filter((address) => !group?.has(address));
    const checked = dependsOn.flatMap((address) => group?.get(address)?.checked ?? []);
    return [...new Set([...this.#order.readyAll(others), ...checked])];
  }

  #join({ address, lockstep }: ServiceDeclaration, emitted: EmittedRollout): void {
    if (lockstep === undefined || emitted.moves.length === 0) return;
    const group = this.#groups.get(lockstep) ?? new Map<Address, EmittedRollout>();
    this.#groups.set(lockstep, group.set(address, emitted));
  }
}

/** Takes a service away: traffic first, then its revisions, then its route; after everything that depends on it. */
export function emitServiceRemoval(
  record: ServiceRecord,
  drafts: StepDrafts,
  order: StepOrder,
  dependents: Dependents,
): void {
  const { address, platform } = record;
  order.addGone(address, `${address}/unroute`);
  const needs = new Set<string>();
  for (const dependent of dependents.of(address)) {
    for (const step of goneOrReady(dependent, order, dependents)) needs.add(step);
  }
  const active = activeRevision(record);
  let before = [...needs];
  if (active) {
    const roles = { [active.id]: 'standby' } as const;
    const closed = drafts.service(
      address,
      platform,
      'close',
      { action: 'switch', input: { weights: {}, roles } },
      { needs: before },
    );
    const work = { action: 'drain', input: { revision: active.id, drainMs: DRAIN_MS } } as const;
    before = [drafts.service(address, platform, 'drain', work, { needs: [closed], timeoutMs: DRAIN_MS + 30_000 })];
  }
  const retired = Object.values(record.revisions).map((revision) => {
    const work = { action: 'retire', input: { revision: revision.id } } as const;
    return drafts.service(address, platform, `retire-${revision.id}`, work, {
      needs: before,
      timeoutMs: revision.spec.stopGraceMs + 30_000,
    });
  });
  drafts.service(
    address,
    platform,
    'unroute',
    { action: 'unroute', input: {} },
    { needs: retired.length > 0 ? retired : before },
  );
}

/** The deletions' steps may not be emitted yet; their ids follow from the address. */
function goneOrReady(dependent: Address, order: StepOrder, dependents: Dependents): string[] {
  if (!dependents.isDeleted(dependent)) return [...order.ready(dependent)];
  return dependent.startsWith('service:') ? [`${dependent}/unroute`] : [`${dependent}/delete`];
}
