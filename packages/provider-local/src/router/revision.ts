import type { Backend } from './backend.ts';
import { Instance } from './instance.ts';
import { RevisionCounter } from './revision-counter.ts';

/** A revision as the router sees it now: its instances and its counts. */
export class Revision {
  /** The key of the route that it belongs to. */
  readonly route: string;
  readonly name: string;
  /** Outlives every change of the instances. */
  readonly counter = new RevisionCounter();
  #instances: readonly Instance[] = [];
  #turn = 0;

  constructor(route: string, name: string) {
    this.route = route;
    this.name = name;
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** The next instance in turn, of those that don't rest if there are such; undefined without instances. */
  next(): Instance | undefined {
    const all = this.#instances;
    let fallback: Instance | undefined;
    for (let tried = 0; tried < all.length; tried++) {
      const instance = all[this.#turn % all.length] as Instance;
      this.#turn = (this.#turn + 1) % all.length;
      if (!instance.rests) return instance;
      fallback ??= instance;
    }
    return fallback;
  }

  /** Another instance than these, for a request that they refused. */
  besides(refused: ReadonlySet<Instance>): Instance | undefined {
    for (let tried = 0; tried < this.#instances.length; tried++) {
      const instance = this.next();
      if (instance && !refused.has(instance)) return instance;
    }
    return this.#instances.find((instance) => !refused.has(instance));
  }

  /** Takes effect between two requests; instances that stay where they are keep their connections. */
  place(backends: readonly Backend[]): void {
    const before = this.#instances;
    const after = backends.map(
      (backend) => before.find((instance) => instance.answers(backend)) ?? new Instance(this, backend),
    );
    this.#instances = after;
    for (const instance of before) if (!after.includes(instance)) instance.retire();
  }
}
