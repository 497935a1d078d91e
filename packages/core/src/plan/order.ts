import type { Address } from '../address.ts';

/**
 * Which steps stand for a node when others must wait for it: `ready` when it is as wanted, `gone` when
 * what it was has been removed. A node without steps of its own passes on what its dependencies wait for.
 */
export class StepOrder {
  readonly #ready = new Map<Address, readonly string[]>();
  readonly #gone = new Map<Address, string[]>();

  setReady(address: Address, steps: readonly string[]): void {
    this.#ready.set(address, steps);
  }

  /** For a node without steps: whoever waits for it waits for these instead. */
  passThrough(address: Address, dependencies: readonly Address[]): void {
    const waiting = this.readyAll(dependencies);
    if (waiting.length > 0) this.#ready.set(address, waiting);
  }

  ready(address: Address): readonly string[] {
    return this.#ready.get(address) ?? [];
  }

  readyAll(addresses: readonly Address[]): string[] {
    if (addresses.length === 1) return [...this.ready(addresses[0]!)];
    const steps = new Set<string>();
    for (const address of addresses) for (const step of this.ready(address)) steps.add(step);
    return [...steps];
  }

  addGone(address: Address, step: string): void {
    const steps = this.#gone.get(address);
    if (steps) steps.push(step);
    else this.#gone.set(address, [step]);
  }

  gone(address: Address): readonly string[] {
    return this.#gone.get(address) ?? [];
  }
}
