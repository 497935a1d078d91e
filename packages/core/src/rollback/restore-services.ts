import type { Address } from '../address.ts';
import type { HealthCheck } from '../config/project.ts';
import { Graph } from '../graph/graph.ts';
import { equalJson } from '../json.ts';
import type { Change } from '../plan/change.ts';
import type { Dependents } from '../plan/dependents.ts';
import type { StepOrder } from '../plan/order.ts';
import { emitServiceRemoval } from '../plan/service-steps.ts';
import type { DesiredRevision, StepWork } from '../plan/step.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import { buildFingerprint } from '../release/release-parts.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord, type State } from '../state/record.ts';
import type { MigrationDone } from './migrations-done.ts';
import type { Restoration } from './restore-resources.ts';

const DRAIN_MS = 10_000;

/**
 * Emits what brings services back, dependents before what they depend on: the old revision is made to run
 * and answer first, then traffic moves, then the new one goes, then migrations go down, then health is
 * verified. Canary steps are never replayed.
 */
export function restoreServices(
  restoration: Restoration,
  migrations: readonly MigrationDone[],
  drafts: StepDrafts,
  order: StepOrder,
  dependents: Dependents,
): Change[] {
  const changes: Change[] = [];
  for (const address of servicesInReverse(restoration)) {
    if (!restoration.selected(address)) continue;
    const current = serviceOf(restoration.current, address);
    const target = serviceOf(restoration.target, address);
    const undo = migrations.filter((migration) => migration.service === address).reverse();
    if (target) {
      const change = new ServiceRestore(address, current, target, undo, drafts, order, dependents).emit();
      if (change) changes.push(change);
    } else if (current) {
      emitServiceRemoval(current, drafts, order, dependents);
      emitMigrationsDown(current, undo, drafts);
      changes.push({
        address,
        type: 'service',
        action: 'delete',
        reasons: [{ path: 'snapshot', before: 'recorded', after: null, replaces: false }],
      });
    }
  }
  return changes;
}

/** A service that the deployment created goes; what it migrated goes before its route does. */
function emitMigrationsDown(current: ServiceRecord, undo: readonly MigrationDone[], drafts: StepDrafts): void {
  let before = Object.keys(current.revisions).map((id) => `${current.address}/retire-${id}`);
  for (const [index, migration] of undo.entries()) {
    const step = migrateDown(current, migration, index, undo.length, before, drafts);
    if (step) before = [step];
  }
  if (undo.length > 0) for (const step of before) drafts.addNeed(`${current.address}/unroute`, step);
}

function serviceOf(state: State, address: Address): ServiceRecord | undefined {
  const record = state.get(address);
  return record?.kind === 'service' ? record : undefined;
}

function servicesInReverse({ current, target }: Restoration): Address[] {
  const graph = new Graph<null>();
  for (const state of [current, target]) {
    for (const [address, record] of state)
      if (record.kind === 'service' && !graph.has(address)) graph.add(address, null);
  }
  for (const address of graph.ids() as Address[]) {
    // What stands now decides; where both states disagree about who needs whom, one of them must give way.
    const record = serviceOf(current, address) ?? serviceOf(target, address);
    for (const need of record?.dependsOn ?? []) if (graph.has(need)) graph.addDependency(address, need);
  }
  return graph.destructionOrder() as Address[];
}

class ServiceRestore {
  readonly #address: Address;
  readonly #current: ServiceRecord | undefined;
  readonly #target: ServiceRecord;
  readonly #undo: readonly MigrationDone[];
  readonly #drafts: StepDrafts;
  readonly #order: StepOrder;
  readonly #dependents: Dependents;

  constructor(
    address: Address,
    current: ServiceRecord | undefined,
    target: ServiceRecord,
    undo: readonly MigrationDone[],
    drafts: StepDrafts,
    order: StepOrder,
    dependents: Dependents,
  ) {
    this.#address = address;
    this.#current = current;
    this.#target = target;
    this.#undo = undo;
    this.#drafts = drafts;
    this.#order = order;
    this.#dependents = dependents;
  }

  emit(): Change | undefined {
    if (equalJson(this.#current, this.#target) && this.#undo.length === 0) return undefined;
    const wanted = activeRevision(this.#target);
    const now = this.#current && activeRevision(this.#current);
    let done = this.#before();
    if (wanted && wanted.id !== now?.id) {
      const stopsFirst = wanted.spec.strategy.kind === 'recreate';
      done = stopsFirst ? this.#stopThenStart(wanted, now, done) : this.#startThenStop(wanted, now, done);
    } else {
      done = this.#down(this.#retire(this.#surplus(), done));
      if (wanted && this.#undo.length > 0) done = this.#verify(wanted, done);
    }
    done = this.#keepStandby(wanted, now, done);
    const put = this.#target;
    this.#order.setReady(this.#address, [
      this.#step('record', { action: 'record', input: { removes: [], puts: [put] } }, done),
    ]);
    const reasons = [{ path: 'revision', before: now?.id ?? null, after: wanted?.id ?? null, replaces: false }];
    return { address: this.#address, type: 'service', action: this.#current ? 'update' : 'create', reasons };
  }

  /** Dependents have gone back already; what it depends on is there again. */
  #before(): string[] {
    const steps = new Set(this.#order.readyAll(this.#target.dependsOn));
    for (const dependent of this.#dependents.of(this.#address)) {
      for (const step of [...this.#order.ready(dependent), ...this.#order.gone(dependent)]) steps.add(step);
    }
    return [...steps];
  }

  #startThenStop(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    const answering = this.#start(wanted, needs);
    let done = this.#switch(wanted, now, answering);
    if (now)
      done = this.#step1(
        'drain',
        { action: 'drain', input: { revision: now.id, drainMs: DRAIN_MS } },
        done,
        DRAIN_MS + 30_000,
      );
    done = this.#down(this.#retire(this.#surplus(), done));
    return this.#verify(wanted, done);
  }

  #stopThenStart(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    let done = [...needs];
    if (now) {
      done = this.#step1('close', { action: 'switch', input: { weights: {}, roles: { [now.id]: 'standby' } } }, done);
      done = this.#step1(
        'drain',
        { action: 'drain', input: { revision: now.id, drainMs: DRAIN_MS } },
        done,
        DRAIN_MS + 30_000,
      );
    }
    done = this.#down(this.#retire(this.#surplus(), done));
    done = this.#switch(wanted, now, this.#start(wanted, done));
    return this.#verify(wanted, done);
  }

  #start(revision: RevisionRecord, needs: readonly string[]): string[] {
    const staged = this.#stage('stage', revision, needs);
    const { health } = revision.spec;
    return this.#step1(
      'probe',
      { action: 'probe', input: { revision: revision.id, health } },
      staged,
      deadlineOf(health),
    );
  }

  #stage(suffix: string, revision: RevisionRecord, needs: readonly string[]): string[] {
    const { tags, dependsOn, protect } = this.#target;
    return this.#step1(
      suffix,
      { action: 'stage', input: { revision: desiredRevision(revision), tags, dependsOn, protect } },
      needs,
    );
  }

  #switch(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    const roles: Record<string, RevisionRecord['role']> = { [wanted.id]: 'active' };
    if (now) roles[now.id] = 'standby';
    return this.#step1('switch', { action: 'switch', input: { weights: this.#target.weights, roles } }, needs);
  }

  #verify(wanted: RevisionRecord, needs: readonly string[]): string[] {
    const { health } = wanted.spec;
    return this.#step1(
      'verify',
      { action: 'verify', input: { revision: wanted.id, health } },
      needs,
      deadlineOf(health),
    );
  }

  /** Revisions that the snapshot doesn't have. */
  #surplus(): RevisionRecord[] {
    return Object.values(this.#current?.revisions ?? {}).filter((revision) => !this.#target.revisions[revision.id]);
  }

  #retire(revisions: readonly RevisionRecord[], needs: readonly string[]): string[] {
    if (revisions.length === 0) return [...needs];
    return revisions.map((revision) => {
      const work = { action: 'retire', input: { revision: revision.id } } as const;
      return this.#step(`retire-${revision.id}`, work, needs, revision.spec.stopGraceMs + 30_000);
    });
  }

  #down(needs: readonly string[]): string[] {
    let before = [...needs];
    for (const [index, migration] of this.#undo.entries()) {
      const step = migrateDown(this.#target, migration, index, this.#undo.length, before, this.#drafts);
      if (step) before = [step];
    }
    return before;
  }

  /** What was kept for an instant way back, and went in the meantime, runs again. */
  #keepStandby(
    wanted: RevisionRecord | undefined,
    now: RevisionRecord | undefined,
    needs: readonly string[],
  ): string[] {
    let done = [...needs];
    for (const revision of Object.values(this.#target.revisions)) {
      const runs = this.#current?.revisions[revision.id] !== undefined;
      if (revision.id === wanted?.id || revision.id === now?.id || runs) continue;
      done = this.#stage(`stage-${revision.id}`, revision, done);
    }
    return done;
  }

  #step1(suffix: string, work: StepWork, needs: readonly string[], timeoutMs?: number): string[] {
    return [this.#step(suffix, work, needs, timeoutMs)];
  }

  #step(suffix: string, work: StepWork, needs: readonly string[], timeoutMs?: number): string {
    const options = timeoutMs === undefined ? { needs: [...needs] } : { needs: [...needs], timeoutMs };
    return this.#drafts.service(this.#address, this.#target.platform, suffix, work, options);
  }
}

function deadlineOf(health: HealthCheck): number {
  return health.deadlineMs + 30_000;
}

function migrateDown(
  record: ServiceRecord,
  migration: MigrationDone,
  index: number,
  count: number,
  needs: readonly string[],
  drafts: StepDrafts,
): string | undefined {
  const { migrations } = migration.spec;
  if (!migrations?.down) return undefined;
  const holder = Object.values(record.revisions).find((revision) => revision.release.artifact === migration.artifact);
  const base = holder ?? Object.values(record.revisions)[0];
  if (!base) return undefined;
  const revision: RevisionRecord = {
    ...base,
    spec: migration.spec,
    release: { ...base.release, artifact: migration.artifact },
  };
  const suffix = count === 1 ? 'migrate-down' : `migrate-down-${index + 1}`;
  const work = { action: 'migrate-down', input: { revision, migrations, level: migration.level } } as const;
  return drafts.service(record.address, record.platform, suffix, work, { needs: [...needs] });
}

/** A recorded revision, to be run again. */
export function desiredRevision(revision: RevisionRecord): DesiredRevision {
  const { version, fingerprint, parts, artifact } = revision.release;
  return {
    id: revision.id,
    release: { version, fingerprint, parts },
    artifact,
    buildFingerprint: buildFingerprint(parts),
    spec: revision.spec,
    secrets: revision.secrets,
  };
}
