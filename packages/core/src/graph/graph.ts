import { SlipwayError } from '../errors.ts';
import { EdgeList } from './edge-list.ts';
import { findCycle, levels } from './walk.ts';

/**
 * Nodes with ids and what each depends on. Adding is constant time, every question is linear in nodes
 * plus edges at most, nothing recurses, and transitive dependencies are walked, never stored.
 * A dependency may be added twice; it counts once. Cycles may be built and are found by asking.
 */
export class Graph<N> {
  #ids: (string | undefined)[] = [];
  #values: (N | undefined)[] = [];
  #edges = new EdgeList();
  readonly #numbers = new Map<string, number>();

  get size(): number {
    return this.#numbers.size;
  }

  /** In insertion order. */
  ids(): string[] {
    return this.#ids.filter((id) => id !== undefined);
  }

  has(id: string): boolean {
    return this.#numbers.has(id);
  }

  get(id: string): N | undefined {
    const number = this.#numbers.get(id);
    return number === undefined ? undefined : this.#values[number];
  }

  /** Adds a node. Throws `node-exists` when the id is taken. */
  add(id: string, node: N): this {
    if (this.#numbers.has(id)) {
      throw new SlipwayError('node-exists', `The graph has a node "${id}" already.`, { subject: id });
    }
    this.#numbers.set(id, this.#ids.length);
    this.#ids.push(id);
    this.#values.push(node);
    this.#edges.addNode();
    return this;
  }

  /** Removes a node with all its edges. Safe to repeat. */
  remove(id: string): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    this.#edges.removeAllOf(number);
    this.#numbers.delete(id);
    this.#ids[number] = undefined;
    this.#values[number] = undefined;
    this.#compactWhenHalfEmpty();
  }

  /** `id` needs `on`. Safe to repeat. Throws `node-unknown` when either isn't a node. */
  addDependency(id: string, on: string): this {
    this.#edges.add(this.#number(id), this.#number(on));
    return this;
  }

  /** Safe to repeat. Throws `node-unknown` when either isn't a node. */
  removeDependency(id: string, on: string): void {
    this.#edges.remove(this.#number(id), this.#number(on));
    this.#compactWhenHalfEmpty();
  }

  /** What the node needs directly, in the order it was added. */
  dependenciesOf(id: string): string[] {
    return this.#names(this.#neighbours(this.#number(id), 'out'));
  }

  /** What needs the node directly, in the order it was added. */
  dependentsOf(id: string): string[] {
    return this.#names(this.#neighbours(this.#number(id), 'in'));
  }

  /** Everything the node needs, directly or not; without the node itself, unless it is on a cycle. Nearest first. */
  transitiveDependencies(id: string): string[] {
    return this.#names(this.#reach(this.#number(id), 'out'));
  }

  /** Everything that needs the node, directly or not; without the node itself, unless it is on a cycle. Nearest first. */
  transitiveDependents(id: string): string[] {
    return this.#names(this.#reach(this.#number(id), 'in'));
  }

  /** The path that closes a cycle, each node needing the next, the first repeated at the end; undefined when there is none. */
  findCycle(): string[] | undefined {
    const path = findCycle(this.#edges, this.#ids.length);
    return path && this.#names(path);
  }

  /**
   * The level of every node: 1 without dependencies, else one more than the highest among them (the longest
   * path, counted in nodes). In insertion order. Throws `cycle`, naming the path.
   */
  waves(): Map<string, number> {
    const level = this.#levels();
    const waves = new Map<string, number>();
    for (const [id, number] of this.#numbers) waves.set(id, level[number]!);
    return waves;
  }

  /** Dependencies before dependents: wave by wave, insertion order within one. Throws `cycle`, naming the path. */
  topologicalOrder(): string[] {
    const byWave: string[][] = [];
    for (const [id, wave] of this.waves()) {
      const members = byWave[wave - 1];
      if (members) members.push(id);
      else byWave[wave - 1] = [id];
    }
    return byWave.flat();
  }

  /** Dependents before dependencies: the topological order reversed. Throws `cycle`, naming the path. */
  destructionOrder(): string[] {
    return this.topologicalOrder().reverse();
  }

  #levels(): Int32Array {
    const level = levels(this.#edges, this.#ids.length);
    if (level) return level;
    const path = this.findCycle() ?? [];
    throw cycleError(path);
  }

  #neighbours(node: number, direction: 'out' | 'in', found = new Set<number>()): Set<number> {
    const edges = this.#edges;
    if (direction === 'out') {
      for (let e = edges.firstOut(node); e >= 0; e = edges.nextOut(e)) found.add(edges.target(e));
    } else {
      for (let e = edges.firstIn(node); e >= 0; e = edges.nextIn(e)) found.add(edges.source(e));
    }
    return found;
  }

  #reach(start: number, direction: 'out' | 'in'): Set<number> {
    const found = this.#neighbours(start, direction);
    // A Set visits what is added while it is walked: it is the queue as well.
    for (const node of found) this.#neighbours(node, direction, found);
    return found;
  }

  #number(id: string): number {
    const number = this.#numbers.get(id);
    if (number === undefined) throw new SlipwayError('node-unknown', `The graph has no node "${id}".`, { subject: id });
    return number;
  }

  #names(numbers: Iterable<number>): string[] {
    return Array.from(numbers, (number) => this.#ids[number]!);
  }

  /** Keeps the cost of what was removed below the cost of what is there. */
  #compactWhenHalfEmpty(): void {
    const holes = this.#ids.length - this.#numbers.size;
    const sparse = holes > this.#numbers.size + 64 || this.#edges.removed > this.#edges.count / 2 + 64;
    if (!sparse) return;
    const [ids, values, edges] = [this.#ids, this.#values, this.#edges];
    this.#ids = [];
    this.#values = [];
    this.#edges = new EdgeList();
    const moved = new Int32Array(ids.length);
    for (const [number, id] of ids.entries()) {
      if (id === undefined) continue;
      moved[number] = this.#ids.length;
      this.#numbers.set(id, this.#ids.length);
      this.#ids.push(id);
      this.#values.push(values[number]);
      this.#edges.addNode();
    }
    for (const [number, id] of ids.entries()) {
      if (id === undefined) continue;
      for (let e = edges.firstOut(number); e >= 0; e = edges.nextOut(e)) {
        this.#edges.add(moved[number]!, moved[edges.target(e)]!);
      }
    }
  }
}

/** The error for a circle of dependencies: `path` with its first node repeated at the end. */
export function cycleError(path: readonly string[]): SlipwayError {
  return new SlipwayError('cycle', `These need each other in a circle: ${path.join(' -> ')}.`, {
    ...(path[0] === undefined ? {} : { subject: path[0] }),
    hint: 'Remove one of these dependencies.',
    details: { path: [...path] },
  });
}
