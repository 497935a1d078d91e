import { equalJson } from '../json.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';

/**
 * What a way back is told by comparing a service's record now with the one of then. `wanted` is the revision that serves
 * in the end: the active one of then, or the same release made anew.
 */
export class NowAndThen {
  readonly #current: ServiceRecord | undefined;
  readonly #target: ServiceRecord;

  constructor(current: ServiceRecord | undefined, target: ServiceRecord) {
    this.#current = current;
    this.#target = target;
  }

  /** The same revision is the active one, but not all is with it as it was: weights, routes, router or instances. */
  isTrafficMoved(wanted: RevisionRecord): boolean {
    const traffic = ({ weights, routes = [], router, revisions }: ServiceRecord) => ({
      weights,
      routes,
      router: router ?? null,
      slots: Object.keys({ ...weights, [wanted.id]: 0 }).map((id) => slotsOf(revisions[id] ?? {})),
    });
    return this.#current === undefined || !equalJson(traffic(this.#current), traffic(this.#target));
  }

  /** What had weight or a route then, the wanted one first. */
  serving(wanted: RevisionRecord): string[] {
    const { weights, routes = [], revisions } = this.#target;
    const weighted = Object.keys(weights).filter((id) => weights[id]! > 0);
    const others = [...weighted, ...routes.map(({ revision }) => revision)].filter((id) => revisions[id]);
    const then = activeRevision(this.#target);
    return [...new Set([wanted.id, ...others])].filter((id) => id === wanted.id || id !== then?.id);
  }

  hasUsers(id: string): boolean {
    const { weights = {}, routes = [] } = this.#current ?? {};
    return (weights[id] ?? 0) > 0 || routes.some(({ revision }) => revision === id);
  }

  /** Instances that a revision with users has now and didn't have then. */
  tooMany(revision: RevisionRecord): number[] {
    const known = this.#current?.revisions[revision.id];
    if (!known || !this.hasUsers(revision.id)) return [];
    const then = slotsOf(revision);
    return slotsOf(known).filter((slot) => !then.includes(slot));
  }

  /** What will serve and has more instances than it had then. */
  shrinking(wanted: RevisionRecord): { revision: RevisionRecord; tooMany: number[] }[] {
    const all = this.serving(wanted).map((id) => {
      const revision = id === wanted.id ? wanted : this.#target.revisions[id]!;
      return { revision, tooMany: this.tooMany(revision) };
    });
    return all.filter(({ tooMany }) => tooMany.length > 0);
  }

  /** What was kept was on standby then as well; what is left behind is so until it goes. */
  rolesThen(wanted: RevisionRecord, now: RevisionRecord | undefined): Record<string, RevisionRecord['role']> {
    const then = activeRevision(this.#target);
    const roles: Record<string, RevisionRecord['role']> = now ? { [now.id]: 'standby' } : {};
    for (const { id, role } of Object.values(this.#target.revisions)) roles[id === then?.id ? wanted.id : id] = role;
    return roles;
  }

  /** What has traffic now and will have none. */
  leaving(wanted: RevisionRecord, now: RevisionRecord | undefined): string[] {
    const { weights = {}, routes = [] } = this.#current ?? {};
    const given = Object.keys(weights).filter((id) => weights[id]! > 0);
    const stays = new Set(this.serving(wanted));
    const all = new Set([...(now ? [now.id] : []), ...given, ...routes.map(({ revision }) => revision)]);
    return [...all].filter((id) => !stays.has(id) && this.#current?.revisions[id]);
  }

  /** Revisions that the snapshot doesn't have, and the one that was to be started anew. */
  surplus(wanted: RevisionRecord | undefined): RevisionRecord[] {
    const then = activeRevision(this.#target);
    const replaced = wanted && then && wanted.id !== then.id ? then.id : undefined;
    return Object.values(this.#current?.revisions ?? {}).filter(
      ({ id }) => id === replaced || !this.#target.revisions[id],
    );
  }
}
