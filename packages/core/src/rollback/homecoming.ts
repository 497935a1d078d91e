import type { Address } from '../address.ts';
import type { Reason } from '../plan/change.ts';
import type { Dependents } from '../plan/dependents.ts';
import type { StepOrder } from '../plan/order.ts';
import type { StepWork } from '../plan/step.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import { predecessorAddress, type ResourceRecord } from '../state/record.ts';
import { contentReasons } from './content-reasons.ts';
import type { Restoration } from './restore-resources.ts';

/**
 * Brings things back to the addresses that the snapshot had them at: what was renamed, and what was replaced and
 * still exists beside its successor. Nothing outside changes for it. A successor in the way is set aside
 * and removed at the end. Steps follow one another, since one may need the place that another leaves.
 */
export class Homecoming {
  /** Resources by address, as they will be recorded after the homecomings. */
  readonly #now = new Map<Address, ResourceRecord>();
  readonly #steps = new Map<Address, { step: string; from: Address }>();
  /** Set aside, by the address where it is recorded from then on. */
  readonly #asides = new Map<Address, { record: ResourceRecord; step: string; was: Address }>();
  readonly #vacated = new Map<Address, string>();
  readonly #drafts: StepDrafts;
  #last: string | undefined;

  constructor(restoration: Restoration, drafts: StepDrafts) {
    this.#drafts = drafts;
    const { current, target, registry, selected } = restoration;
    for (const [address, record] of current) if (record.kind === 'resource') this.#now.set(address, record);
    const holders = new Map([...this.#now].map(([address, record]) => [record.token, address]));
    for (const [address, record] of target) {
      if (record.kind !== 'resource' || !selected(address)) continue;
      const from = holders.get(record.token);
      if (from === undefined || from === address) continue;
      const aside = this.#bringHome(record, from, registry);
      if (aside) holders.set(aside.token, aside.address);
    }
  }

  resources(): Iterable<[Address, ResourceRecord]> {
    return this.#now;
  }

  at(address: Address): ResourceRecord | undefined {
    return this.#now.get(address);
  }

  /** The step that brings something home to this address. */
  stepFor(address: Address): string | undefined {
    return this.#steps.get(address)?.step;
  }

  /** The step after which the address is free, when something else stood there. */
  vacatedBy(address: Address): string | undefined {
    return this.#vacated.get(address);
  }

  isAside(address: Address): boolean {
    return this.#asides.has(address);
  }

  reason({ address }: ResourceRecord): Reason {
    return { path: 'address', before: this.#steps.get(address)!.from, after: address, replaces: false };
  }

  /** Removes what was set aside, when everything that used it has turned back. */
  emitDeletions(order: StepOrder, dependents: Dependents): void {
    for (const [at, { record, step, was }] of this.#asides) {
      const needs = new Set([step, ...order.ready(was)]);
      for (const dependent of dependents.of(was)) {
        for (const one of [...order.ready(dependent), ...order.gone(dependent)]) needs.add(one);
      }
      const work: StepWork = { action: 'delete', input: { at } };
      this.#drafts.resource(was, record.type, 'delete-new', work, { needs: [...needs] });
    }
  }

  /** Returns what had to be set aside. */
  #bringHome(record: ResourceRecord, from: Address, registry: Restoration['registry']): ResourceRecord | undefined {
    const { address, type } = record;
    const holder = this.#now.get(from)!;
    const isAsItWas = contentReasons(record, holder, registry).length === 0;
    const home = isAsItWas ? record : { ...holder, address };
    const occupant = this.#now.get(address);
    const aside = occupant && { ...occupant, address: predecessorAddress(occupant) };
    const work: StepWork = { action: 'record', input: { removes: [from], puts: aside ? [home, aside] : [home] } };
    const step = this.#drafts.resource(address, type, 'restore', work, { needs: this.#last ? [this.#last] : [] });
    this.#last = step;
    this.#now.delete(from);
    this.#now.set(address, home);
    this.#asides.delete(from);
    this.#steps.set(address, { step, from });
    this.#vacated.set(from, step);
    if (!aside) return undefined;
    this.#now.set(aside.address, aside);
    this.#asides.set(aside.address, { record: aside, step, was: address });
    return aside;
  }
}
