import type { Address } from '../address.ts';
import { equalJson } from '../json.ts';
import type { Change } from '../plan/change.ts';
import type { Dependents } from '../plan/dependents.ts';
import { desiredRevision } from '../plan/desired-revision.ts';
import { deadlineOf } from '../plan/health-deadline.ts';
import type { StepOrder } from '../plan/order.ts';
import type { StepWork } from '../plan/step.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';
import { mostMissing } from '../strategies/instances.ts';
import { withinRoom } from '../strategies/room.ts';
import type { MigrationDone } from './migrations-done.ts';
import type { MigrationsDown } from './migrations-down.ts';
import { NowAndThen } from './now-and-then.ts';
import { reasonsToRestore } from './reasons-to-restore.ts';
import { refersToAnother } from './same-things.ts';

const DRAIN_MS = 10_000;

export interface ServiceReturn {
  address: Address;
  /** As recorded now; absent when it was taken away. */
  current: ServiceRecord | undefined;
  target: ServiceRecord;
  isSameThing: (address: Address) => boolean;
  /** How many instances of a revision there is room for now. */
  room: number;
}

/** Emits the steps that bring one service back to a recorded state. */
export class ServiceRestore {
  readonly #address: Address;
  readonly #current: ServiceRecord | undefined;
  /** As it can be brought back: with no more instances than there is room for. */
  readonly #target: ServiceRecord;
  readonly #records: NowAndThen;
  /** Nothing of it changed since. */
  readonly #isUntouched: boolean;
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
    this.#target = withinRoom(back.target, back.room);
    this.#records = new NowAndThen(this.#current, this.#target);
    this.#isUntouched = equalJson(back.current, back.target) || equalJson(back.current, this.#target);
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
    if (this.#isUntouched && this.#undo.length === 0 && !follows) return undefined;
    const now = this.#current && activeRevision(this.#current);
    const wanted = then && follows ? this.#anew(then) : then;
    const before = this.#before();
    let done: string[];
    if (wanted && wanted.id !== now?.id && wanted.spec.strategy.kind === 'recreate') {
      done = this.#stopThenStart(wanted, now, before);
    } else if (wanted && (wanted.id !== now?.id || this.#records.isTrafficMoved(wanted))) {
      done = this.#startThenStop(wanted, now, before);
    } else if (wanted) {
      done = this.#down(this.#retire(this.#records.surplus(wanted), before));
      if (this.#undo.length > 0) done = this.#verify(wanted, done);
    } else {
      done = this.#takeOff(now, before);
    }
    done = this.#keepStandby(wanted, done);
    // What is made anew is recorded as it turns out.
    const put = this.#target;
    const ready = follows
      ? done
      : [this.#step('record', { action: 'record', input: { removes: [], puts: [put] } }, done)];
    this.#order.setReady(this.#address, ready);
    const reasons = reasonsToRestore(this.#current, this.#target, now?.id, wanted?.id);
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

  /** What had the traffic answers at full capacity, then it gets it back, in one step; only then the rest goes. */
  #startThenStop(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    const soon = this.#moveToServing(wanted, now, needs);
    let done = this.#shrink(wanted, this.#switch(wanted, now, this.#answering(wanted, soon)));
    done = this.#drainAll(this.#records.leaving(wanted, now), done);
    done = this.#down(this.#retire(this.#records.surplus(wanted), done));
    return this.#verify(wanted, done);
  }

  #stopThenStart(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    let done = [...needs];
    if (now) done = this.#drain('drain', now.id, this.#close(now, done));
    done = this.#down(this.#retire(this.#records.surplus(wanted), done));
    done = this.#shrink(wanted, this.#switch(wanted, now, this.#answering(wanted, done)));
    return this.#verify(wanted, done);
  }

  /** There was no traffic then: the route goes, what was staged stays. */
  #takeOff(now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    let done = [...needs];
    if (now) done = this.#drain('drain', now.id, this.#close(now, done));
    done = this.#down(this.#retire(this.#records.surplus(undefined), done));
    return now ? [this.#step('unroute', { action: 'unroute', input: {} }, done)] : done;
  }

  /**
   * Instances were being replaced: as long as no more of the old ones are gone than the strategy lets be missing, those
   * that are left get everything at once, before the others come back.
   */
  #moveToServing(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    const { weights = {}, revisions = {} } = this.#current ?? {};
    const { id, spec } = wanted;
    const others = Object.keys(weights).filter((one) => one !== id && weights[one]! > 0);
    const strategy = others.map((one) => revisions[one]?.spec.strategy).find((one) => one?.kind === 'rolling');
    const known = revisions[id];
    if (!strategy || !known) return [...needs];
    const [left, all] = [slotsOf(known), slotsOf(wanted)];
    const isEnough = left.length > 0 && left.length >= all.length - mostMissing(strategy, all.length);
    if (left.length >= all.length || !isEnough) return [...needs];
    const health = { ...spec.health, healthyAfter: 1 };
    const probe: StepWork = { action: 'probe', input: { revision: id, health, slots: left } };
    const roles = this.#records.rolesThen(wanted, now);
    const work: StepWork = { action: 'switch', input: { weights: { [id]: 100 }, roles } };
    return [this.#step('switch-serving', work, [this.#step('probe-serving', probe, needs, deadlineOf(health))])];
  }

  /** All that had traffic then runs with all its instances and answers; one after another, for each writes the record. */
  #answering(wanted: RevisionRecord, needs: readonly string[]): string[] {
    let done = [...needs];
    for (const id of this.#records.serving(wanted)) {
      const isWanted = id === wanted.id;
      const revision = isWanted ? wanted : this.#target.revisions[id]!;
      done = this.#start(revision, isWanted ? '' : `-${id}`, done);
    }
    return done;
  }

  /**
   * One that serves at full capacity now needs but one good answer; one on standby is made sure of first. What was
   * scaled down gets its instances back, and each of them must answer as often as when it was new. Of what has users
   * nothing goes yet.
   */
  #start(revision: RevisionRecord, suffix: string, needs: readonly string[]): string[] {
    const { id, spec } = revision;
    const known = this.#current?.revisions[id];
    const tooMany = this.#records.tooMany(revision);
    const slots = [...slotsOf(revision), ...tooMany].toSorted((a, b) => a - b);
    const isWhole = known !== undefined && equalJson(slotsOf(known), slots);
    const serves = isWhole && this.#records.hasUsers(id);
    const ready = serves ? [...needs] : this.#ensure(`stage${suffix}`, revision, needs, slots);
    const health = isWhole ? { ...spec.health, healthyAfter: 1 } : spec.health;
    const input = { revision: id, health, ...(tooMany.length > 0 ? { slots: slotsOf(revision) } : {}) };
    return [this.#step(`probe${suffix}`, { action: 'probe', input }, ready, deadlineOf(health))];
  }

  /** Instances that get nothing any more since the switch are drained, and go. */
  #shrink(wanted: RevisionRecord, needs: readonly string[]): string[] {
    let done = [...needs];
    for (const { revision, tooMany } of this.#records.shrinking(wanted)) {
      const { id } = revision;
      const drain: StepWork = { action: 'drain', input: { revision: id, drainMs: DRAIN_MS, slots: tooMany } };
      done = [this.#step(`drain-surplus-${id}`, drain, done, DRAIN_MS + 30_000)];
      const scale: StepWork = { action: 'scale', input: { revision: id, slots: slotsOf(revision) } };
      done = [this.#step(`shrink-${id}`, scale, done)];
    }
    return done;
  }

  /** Exactly these of its instances run; by default those that are recorded. */
  #ensure(
    suffix: string,
    revision: RevisionRecord,
    needs: readonly string[],
    slots: number[] = slotsOf(revision),
  ): string[] {
    const { tags, dependsOn, protect } = this.#target;
    const known = this.#current?.revisions[revision.id];
    if (known && !equalJson(slotsOf(known), slots)) {
      const work: StepWork = { action: 'scale', input: { revision: revision.id, slots } };
      return [this.#step(suffix.replace('stage', 'scale'), work, needs)];
    }
    const input = { revision: desiredRevision(revision), slots, tags, dependsOn, protect };
    return [this.#step(suffix, { action: 'stage', input }, needs)];
  }

  /** Weights, routes and roles exactly as they were. */
  #switch(wanted: RevisionRecord, now: RevisionRecord | undefined, needs: readonly string[]): string[] {
    const then = activeRevision(this.#target)!;
    const named = (id: string) => (id === then.id ? wanted.id : id);
    const { weights: before, routes = [] } = this.#target;
    const weights = Object.fromEntries(Object.entries(before).map(([id, weight]) => [named(id), weight]));
    const fewer = this.#records.shrinking(wanted).map(({ revision }) => [revision.id, slotsOf(revision)] as const);
    const input = {
      weights: Object.keys(weights).length > 0 ? weights : { [wanted.id]: 100 },
      roles: this.#records.rolesThen(wanted, now),
      ...(fewer.length > 0 ? { slots: Object.fromEntries(fewer) } : {}),
      routes: routes.map((route) => ({ ...route, revision: named(route.revision) })),
    };
    return [this.#step('switch', { action: 'switch', input }, needs)];
  }

  #drainAll(revisions: readonly string[], needs: readonly string[]): string[] {
    if (revisions.length === 0) return [...needs];
    return revisions.flatMap((id, index) => this.#drain(index === 0 ? 'drain' : `drain-${id}`, id, needs));
  }

  #close(now: RevisionRecord, needs: readonly string[]): string[] {
    const work: StepWork = { action: 'switch', input: { weights: {}, roles: { [now.id]: 'standby' } } };
    return [this.#step('close', work, needs)];
  }

  #drain(suffix: string, revision: string, needs: readonly string[]): string[] {
    const work: StepWork = { action: 'drain', input: { revision, drainMs: DRAIN_MS } };
    return [this.#step(suffix, work, needs, DRAIN_MS + 30_000)];
  }

  #verify(wanted: RevisionRecord, needs: readonly string[]): string[] {
    const { health } = wanted.spec;
    const work: StepWork = { action: 'verify', input: { revision: wanted.id, health } };
    return [this.#step('verify', work, needs, deadlineOf(health))];
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

  /** What was kept for an instant way back, and went or was scaled down in the meantime, runs again as it did. */
  #keepStandby(wanted: RevisionRecord | undefined, needs: readonly string[]): string[] {
    let done = [...needs];
    const then = activeRevision(this.#target);
    const ensured = new Set(wanted ? [then?.id, ...this.#records.serving(wanted)] : []);
    for (const revision of Object.values(this.#target.revisions)) {
      const known = this.#current?.revisions[revision.id];
      const isThere = known !== undefined && equalJson(slotsOf(known), slotsOf(revision));
      if (!isThere && !ensured.has(revision.id)) done = this.#ensure(`stage-${revision.id}`, revision, done);
    }
    return done;
  }

  #step(suffix: string, work: StepWork, needs: readonly string[], timeoutMs?: number): string {
    const options = timeoutMs === undefined ? { needs: [...needs] } : { needs: [...needs], timeoutMs };
    return this.#drafts.service(this.#address, this.#target.platform, suffix, work, options);
  }
}
