import type { Address } from '../address.ts';
import type { Environment, ServiceDeclaration, TestLevel } from '../config/project.ts';
import { equalJson } from '../json.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord } from '../state/record.ts';
import type { EmittedRollout } from '../strategies/rollout.ts';
import { strategyFor } from '../strategies/strategies.ts';
import type { Dependents } from './dependents.ts';
import type { StepOrder } from './order.ts';
import { servingRevisions } from './outage.ts';
import { restoreService } from './restore-service.ts';
import type { ServiceDecision } from './service-change.ts';
import type { StepWork } from './step.ts';
import type { StepDrafts } from './step-drafts.ts';

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
    if (record && active && active.id === decision.desired.id) {
      this.#tidy(declaration, record, active, decision);
      return;
    }
    const platform = this.#registry.requirePlatform(this.#environment.platform.use, address);
    const emitted = strategyFor(declaration, platform)(
      {
        address,
        platform: platform.name,
        desired: decision.desired,
        active,
        others: Object.values(record?.revisions ?? {}).filter((one) => one.id !== active?.id),
        needs: this.#order.readyAll(dependsOn),
        build: this.#build(declaration, decision),
        tests: this.#testsOf(declaration),
        tags: declaration.tags,
        dependsOn,
        protect: declaration.protect,
        timeoutMs: declaration.timeoutMs,
      },
      this.#drafts,
    );
    this.#emitted.push(emitted);
    this.#order.setReady(address, emitted.ready);
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

  /** The release stays: it runs again if it must, leftovers of broken runs go, the record follows the declaration. */
  #tidy(
    declaration: ServiceDeclaration,
    record: ServiceRecord,
    active: RevisionRecord,
    decision: ServiceDecision,
  ): void {
    const { address, tags, dependsOn, protect } = declaration;
    const restored = decision.restores ? this.#restore(declaration, record, decision) : [];
    const steps = [...restored];
    const revisions = { ...record.revisions };
    for (const revision of Object.values(record.revisions)) {
      if (revision.id === active.id || revision.role !== 'staged') continue;
      delete revisions[revision.id];
      const work = { action: 'retire', input: { revision: revision.id } } as const;
      steps.push(
        this.#drafts.service(address, record.platform, `retire-${revision.id}`, work, {
          needs: [...restored],
          timeoutMs: revision.spec.stopGraceMs + 30_000,
        }),
      );
    }
    const put: ServiceRecord = { ...record, revisions, tags, dependsOn, protect };
    if (!decision.restores && !equalJson({ ...put, revisions: record.revisions }, record)) {
      const work: StepWork = { action: 'record', input: { removes: [], puts: [put] } };
      const needs = [...this.#order.readyAll(dependsOn), ...steps];
      steps.push(this.#drafts.service(address, record.platform, 'record', work, { needs }));
    }
    this.#order.setReady(address, steps);
  }

  /** From the record, so that it is what ran before; probed as declared now. Staging records what else is declared. */
  #restore(declaration: ServiceDeclaration, record: ServiceRecord, decision: ServiceDecision): string[] {
    const { dependsOn, spec } = declaration;
    const ready = restoreService(
      {
        record,
        revisions: servingRevisions(record),
        health: spec.health,
        needs: this.#order.readyAll(dependsOn),
        build: this.#build(declaration, decision),
        meta: declaration,
      },
      this.#drafts,
    );
    // What others replace is not taken away before this serves again: a way back may need it.
    this.#emitted.push({ ready, retire: () => {} });
    return ready;
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
