import type { Address } from '../address.ts';
import type { HealthCheck } from '../config/project.ts';
import { equalJson } from '../json.ts';
import type { Change } from '../plan/change.ts';
import type { Dependents } from '../plan/dependents.ts';
import type { StepOrder } from '../plan/order.ts';
import type { DesiredRevision, StepWork } from '../plan/step.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import { buildFingerprint } from '../release/release-parts.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord } from '../state/record.ts';
import type { MigrationDone } from './migrations-done.ts';
import type { MigrationsDown } from './migrations-down.ts';
import { refersToAnother } from './same-things.ts';

const DRAIN_MS = 10_000;

export interface ServiceReturn {
  address: Address;
  /** As recorded now; absent when it was taken away. */
  current: ServiceRecord | undefined;
  target: ServiceRecord;
  isSameThing: (address: Address) => boolean;
}

/** Emits the steps that bring one service back to a recorded state. */
export class ServiceRestore {
  readonly #address: Address;
  readonly #current: ServiceRecord | undefined;
  readonly #target: ServiceRecord;
  readonly #migrationsDown: MigrationsDown;
  /** What was migrated since, the newest first. */
  readonly #undo: readonly MigrationDone[];
  readonly #isSameThing: (address: Address) => boolean;
  readonly #drafts: StepDrafts;
  readonly #order: StepOrder;
  readonly #dependents: Dependents;

  constructor(
    back: ServiceReturn,
    migrationsDown: MigrationsDown,
    drafts: StepDrafts,
    order: StepOrder,
    dependents: Dependents,
  ) {
    this.#address = back.address;
    this.#current = back.current;
    this.#target = back.target;
    this.#migrationsDown = migrationsDown;
    this.#undo = migrationsDown.of(back.address);
    this.#isSameThing = back.isSameThing;
    this.#drafts = drafts;
    this.#order = order;
    this.#dependents = dependents;
  }

  emit(): Change | undefined {
    const then = activeRevision(this.#target);
    const follows = refersToAnother(then?.declared, this.#isSameThing);
    if (equalJson(this.#current, this.#target) && this.#undo.length === 0 && !follows) return undefined;
    const now = this.#current && activeRevision(this.#current);
    const wanted = then && follows ? this.#anew(then) : then;
    let done = this.#before();
    if (wanted && wanted.id !== now?.id) {
      const stopsFirst = wanted.spec.strategy.kind === 'recreate';
      done = stopsFirst ? this.#stopThenStart(wanted, now, done) : this.#startThenStop(wanted, now, done);
    } else if (wanted) {
      done = this.#down(this.#retire(this.#surplus(wanted), done));
      if (this.#undo.length > 0) done = this.#verify(wanted, done);
    } else {
      done = this.#takeOff(now, done);
    }
    done = this.#keepStandby(wanted, now, done);
    // What is made anew is recorded as it turns out.
    const put = this.#target;
    const ready = follows
      ? done
      : [this.#step('record', { action: 'record', input: { removes: [], puts: [put] } }, done)];
    this.#order.setReady(this.#address, ready);
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

  /** The same release, but what its environment refers to is another thing by now: it must be started with that. */
  #anew(then: RevisionRecord): RevisionRecord {
    let { id } = then;
    for (let number = 2; this.#current?.revisions[id]; number++) id = `${then.id}-${number}`;
    const { declared, ...rest } = then;
    return { ...rest, id, spec: { ...then.spec, env: declared ?? then.spec.env } };
  }

  #startThenStop(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    const answering = this.#start(wanted, needs);
    let done = this.#switch(wanted, now, answering);
    if (now) done = this.#drain(now, done);
    done = this.#down(this.#retire(this.#surplus(wanted), done));
    return this.#verify(wanted, done);
  }

  #stopThenStart(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    let done = [...needs];
    if (now) done = this.#drain(now, this.#close(now, done));
    done = this.#down(this.#retire(this.#surplus(wanted), done));
    done = this.#switch(wanted, now, this.#start(wanted, done));
    return this.#verify(wanted, done);
  }

  /** There was no traffic then: the route goes, what was staged stays. */
  #takeOff(now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    let done = [...needs];
    if (now) done = this.#drain(now, this.#close(now, done));
    done = this.#down(this.#retire(this.#surplus(undefined), done));
    return now ? [this.#step('unroute', { action: 'unroute', input: {} }, done)] : done;
  }

  #start(revision: RevisionRecord, needs: readonly string[]): string[] {
    const staged = this.#stage('stage', revision, needs);
    const { health } = revision.spec;
    const work: StepWork = { action: 'probe', input: { revision: revision.id, health } };
    return [this.#step('probe', work, staged, deadlineOf(health))];
  }

  #stage(suffix: string, revision: RevisionRecord, needs: readonly string[]): string[] {
    const { tags, dependsOn, protect } = this.#target;
    const input = { revision: desiredRevision(revision), tags, dependsOn, protect };
    return [this.#step(suffix, { action: 'stage', input }, needs)];
  }

  #switch(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    const roles: Record<string, RevisionRecord['role']> = { [wanted.id]: 'active' };
    if (now) roles[now.id] = 'standby';
    const weights = this.#target.revisions[wanted.id] ? this.#target.weights : { [wanted.id]: 100 };
    return [this.#step('switch', { action: 'switch', input: { weights, roles } }, needs)];
  }

  #close(now: RevisionRecord, needs: readonly string[]): string[] {
    const work: StepWork = { action: 'switch', input: { weights: {}, roles: { [now.id]: 'standby' } } };
    return [this.#step('close', work, needs)];
  }

  #drain(now: RevisionRecord, needs: readonly string[]): string[] {
    const work: StepWork = { action: 'drain', input: { revision: now.id, drainMs: DRAIN_MS } };
    return [this.#step('drain', work, needs, DRAIN_MS + 30_000)];
  }

  #verify(wanted: RevisionRecord, needs: readonly string[]): string[] {
    const { health } = wanted.spec;
    const work: StepWork = { action: 'verify', input: { revision: wanted.id, health } };
    return [this.#step('verify', work, needs, deadlineOf(health))];
  }

  /** Revisions that the snapshot doesn't have, and the one that was to be started anew. */
  #surplus(wanted: RevisionRecord | undefined): RevisionRecord[] {
    const then = activeRevision(this.#target);
    const replaced = wanted && then && wanted.id !== then.id ? then.id : undefined;
    return Object.values(this.#current?.revisions ?? {}).filter(
      ({ id }) => id === replaced || !this.#target.revisions[id],
    );
  }

  #retire(revisions: readonly RevisionRecord[], needs: readonly string[]): string[] {
    if (revisions.length === 0) return [...needs];
    return revisions.map((revision) => {
      const work = { action: 'retire', input: { revision: revision.id } } as const;
      return this.#step(`retire-${revision.id}`, work, needs, revision.spec.stopGraceMs + 30_000);
    });
  }

  #down(needs: readonly string[]): string[] {
    const { platform } = this.#target;
    return this.#migrationsDown.emit({ address: this.#address, platform, undo: this.#undo, needs });
  }

  /** What was kept for an instant way back, and went in the meantime, runs again. */
  #keepStandby(
    wanted: RevisionRecord | undefined,
    now: RevisionRecord | undefined,
    needs: readonly string[],
  ): string[] {
    let done = [...needs];
    const then = activeRevision(this.#target);
    for (const revision of Object.values(this.#target.revisions)) {
      const runs = this.#current?.revisions[revision.id] !== undefined;
      if (revision.id === wanted?.id || revision.id === then?.id || revision.id === now?.id || runs) continue;
      done = this.#stage(`stage-${revision.id}`, revision, done);
    }
    return done;
  }

  #step(suffix: string, work: StepWork, needs: readonly string[], timeoutMs?: number): string {
    const options = timeoutMs === undefined ? { needs: [...needs] } : { needs: [...needs], timeoutMs };
    return this.#drafts.service(this.#address, this.#target.platform, suffix, work, options);
  }
}

/** How long a step may take that waits for a service to be healthy, in ms. */
export function deadlineOf(health: HealthCheck): number {
  return health.deadlineMs + 30_000;
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
    ...(revision.declared ? { declared: revision.declared } : {}),
    secrets: revision.secrets,
  };
}
