import type { ServiceDeclaration } from '../config/project.ts';
import { equalJson } from '../json.ts';
import { type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';
import { slotsToTakeBack } from '../strategies/capacity.ts';
import { servingRevisions } from './outage.ts';
import { restoreService } from './restore-service.ts';
import type { ServiceDecision } from './service-change.ts';
import type { StepWork } from './step.ts';
import type { StepDrafts } from './step-drafts.ts';

const DRAIN_MS = 10_000;

/** A service whose release stays. */
export interface Tidying {
  declaration: ServiceDeclaration;
  record: ServiceRecord;
  active: RevisionRecord;
  decision: ServiceDecision;
  /** What it depends on is ready. */
  needs: readonly string[];
  /** The step that builds the artifact again, when it isn't kept any more. */
  build: string | undefined;
}

/** Which revisions a rollout that broke left behind. */
export function leftoversOf(record: ServiceRecord): RevisionRecord[] {
  return Object.values(record.revisions).filter(({ role }) => role === 'staged' || role === 'baseline');
}

/**
 * The release stays: it runs again if it must, with all of the traffic and as many instances as declared; leftovers of
 * broken runs go, the record follows the declaration. `ready` stands for the service being there; `serves` are those of
 * its steps that change what serves users.
 */
export function tidyService(tidying: Tidying, drafts: StepDrafts): { ready: string[]; serves: string[] } {
  const { declaration, record, decision, needs } = tidying;
  const leftovers = leftoversOf(record);
  const steps = new TidySteps(tidying, drafts);
  const first = slotsFirst(tidying);
  const back = decision.restores ? steps.restore(leftovers.length > 0, first) : steps.takeBack(first);
  const scaled = decision.slots && !first ? steps.scale(decision.slots, back) : [];
  // One after another: each writes the service's record.
  let ready = [...back, ...scaled];
  for (const revision of leftovers) ready = [...ready, ...steps.retire(revision, ready)];
  const put = tidied(tidying, leftovers);
  const meta = { tags: record.tags, dependsOn: record.dependsOn, protect: record.protect };
  if (!decision.restores && !equalJson({ ...put, ...meta }, put)) {
    const work: StepWork = { action: 'record', input: { removes: [], puts: [put] } };
    const options = { needs: [...needs, ...ready] };
    ready.push(drafts.service(declaration.address, record.platform, 'record', work, options));
  }
  return { ready, serves: [...back, ...scaled] };
}

class TidySteps {
  readonly #tidying: Tidying;
  readonly #drafts: StepDrafts;

  constructor(tidying: Tidying, drafts: StepDrafts) {
    this.#tidying = tidying;
    this.#drafts = drafts;
  }

  /** From the record, so that it is what ran before; probed as declared now. Staging records what else is declared. */
  restore(alone: boolean, first: number[] | undefined): string[] {
    const { declaration, record, active, needs, build } = this.#tidying;
    const { routes: _, ...rest } = record;
    // What a broken rollout left is about to go: only the active one comes back then, with all of the traffic.
    const wanted = alone ? { ...rest, weights: { [active.id]: 100 } } : record;
    const whole = first ? { ...active, slots: first } : active;
    const revisions = alone ? [whole] : servingRevisions(record);
    const { health } = declaration.spec;
    return restoreService({ record: wanted, revisions, health, needs, build, meta: declaration }, this.#drafts);
  }

  /**
   * A rollout that broke left traffic with its revision: it goes back, once the active one is known to answer, with the
   * instances that it must have `first`.
   */
  takeBack(first: number[] | undefined): string[] {
    const { record, active } = this.#tidying;
    if (hasAll(record, active)) return [];
    const scaled = first
      ? this.#step('scale', { action: 'scale', input: { revision: active.id, slots: first } }, [])
      : [];
    const probed = this.#probe('probe', active.id, scaled);
    const input = { weights: { [active.id]: 100 }, roles: {}, routes: [] };
    return this.#verify('verify', this.#step('take-back', { action: 'switch', input }, probed));
  }

  /** In place: what comes answers before it takes part, what goes gets nothing new before it stops. */
  scale(slots: number[], needs: readonly string[]): string[] {
    const { active } = this.#tidying;
    const there = slotsOf(active);
    const fresh = slots.filter((slot) => !there.includes(slot));
    const gone = there.filter((slot) => !slots.includes(slot));
    const input = { weights: { [active.id]: 100 }, roles: {}, slots: { [active.id]: slots } };
    let done = [...needs];
    if (fresh.length > 0) {
      const both = [...new Set([...there, ...slots])].sort((a, b) => a - b);
      done = this.#step('scale', { action: 'scale', input: { revision: active.id, slots: both } }, done);
      done = this.#probe('probe-scaled', active.id, done, fresh);
    }
    done = this.#verify('verify-scaled', this.#step('switch-scaled', { action: 'switch', input }, done));
    if (gone.length === 0) return done;
    const drain = { revision: active.id, slots: gone, drainMs: DRAIN_MS };
    done = this.#step('drain-surplus', { action: 'drain', input: drain }, done, DRAIN_MS + 30_000);
    return this.#step('shrink', { action: 'scale', input: { revision: active.id, slots } }, done);
  }

  retire(revision: RevisionRecord, needs: readonly string[]): string[] {
    const work = { action: 'retire', input: { revision: revision.id } } as const;
    return this.#step(`retire-${revision.id}`, work, needs, revision.spec.stopGraceMs + 30_000);
  }

  #verify(suffix: string, needs: readonly string[]): string[] {
    const { health } = this.#tidying.declaration.spec;
    const input = { revision: this.#tidying.active.id, health };
    return this.#step(suffix, { action: 'verify', input }, needs, health.deadlineMs + 30_000);
  }

  #probe(suffix: string, revision: string, needs: readonly string[], slots?: number[]): string[] {
    const { health } = this.#tidying.declaration.spec;
    const input = { revision, health, ...(slots ? { slots } : {}) };
    return this.#step(suffix, { action: 'probe', input }, needs, health.deadlineMs + 30_000);
  }

  #step(suffix: string, work: StepWork, needs: readonly string[], timeoutMs?: number): string[] {
    const { address, platform } = this.#tidying.record;
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    return [this.#drafts.service(address, platform, suffix, work, { needs: [...needs], ...options })];
  }
}

/** What the active revision must have before it takes everybody back: then it is scaled to what is declared at once. */
function slotsFirst({ record, active, decision }: Tidying): number[] | undefined {
  const homecoming = { active, others: leftoversOf(record), weights: record.weights };
  const { slots } = decision;
  return slots && slotsToTakeBack(homecoming, () => slots.length);
}

/** The record as it is when everything else was done. */
function tidied(
  { declaration, record, active, decision }: Tidying,
  leftovers: readonly RevisionRecord[],
): ServiceRecord {
  const { tags, dependsOn, protect } = declaration;
  const { routes: _, ...rest } = record;
  const gone = new Set(leftovers.map(({ id }) => id));
  const revisions = Object.fromEntries(Object.entries(record.revisions).filter(([id]) => !gone.has(id)));
  if (decision.slots) revisions[active.id] = withInstances(active, decision.slots);
  const hadAll = hasAll(record, active);
  return { ...rest, ...(hadAll ? {} : { weights: { [active.id]: 100 } }), revisions, tags, dependsOn, protect };
}

function hasAll({ weights, routes = [] }: ServiceRecord, active: RevisionRecord): boolean {
  return routes.length === 0 && Object.entries(weights).every(([id, weight]) => weight === 0 || id === active.id);
}

/** Number 0 alone is what a revision has where nothing is said. */
function withInstances({ slots: _, ...revision }: RevisionRecord, slots: number[]): RevisionRecord {
  return equalJson(slots, [0]) ? revision : { ...revision, slots };
}
