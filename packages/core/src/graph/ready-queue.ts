import type { Limits } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import { IndexHeap } from './index-heap.ts';

/** Whose limits an item counts against. */
export interface Limited {
  readonly provider?: string;
  readonly type?: string;
}

/** A limit with how much of it is in use. */
interface Slots {
  readonly limit: number;
  used: number;
}

/** The items that count against the same limits, foremost first. */
interface Lane {
  readonly heap: IndexHeap;
  readonly slots: readonly Slots[];
}

/**
 * The scheduling rule, for the executor and for estimates alike: of the items that are ready and whose
 * limits (overall, provider, type) leave a slot, take the one with the highest priority, the lower number
 * among equals. Items that count against the same limits share a heap, so taking one costs O(log n) plus
 * one look at each combination of configured limits, however many items wait.
 */
export class ReadyQueue {
  readonly #lanes: Lane[] = [];
  readonly #laneOf: Int32Array;
  readonly #priority: ArrayLike<number>;
  readonly #overall: Slots;
  #size = 0;

  /** Throws `limit-invalid` for a limit that would never let anything run. */
  constructor(items: readonly Limited[], priority: ArrayLike<number>, limits: Limits) {
    this.#priority = priority;
    this.#overall = slots('overall', limits.overall);
    this.#laneOf = new Int32Array(items.length);
    const providers = namedSlots('provider', limits.providers);
    const types = namedSlots('type', limits.types);
    const lanes = new Map<string, number>();
    for (const [number, item] of items.entries()) {
      const provider = providers.has(item.provider ?? '') ? item.provider! : '';
      const type = types.has(item.type ?? '') ? item.type! : '';
      const key = `${provider}\n${type}`;
      const lane = lanes.get(key) ?? this.#open(providers.get(provider), types.get(type));
      lanes.set(key, lane);
      this.#laneOf[number] = lane;
    }
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** How many were taken and not released. */
  get running(): number {
    return this.#overall.used;
  }

  push(item: number): void {
    this.#lanes[this.#laneOf[item]!]!.heap.push(item);
    this.#size++;
  }

  /** Takes the foremost item that its limits let run, and its slots with it; -1 when there is none. */
  take(): number {
    if (this.#size === 0 || isFull(this.#overall)) return -1;
    let best: Lane | undefined;
    for (const lane of this.#lanes) {
      if (lane.heap.size === 0 || lane.slots.some(isFull)) continue;
      if (!best || this.#precedes(lane.heap.peek(), best.heap.peek())) best = lane;
    }
    if (!best) return -1;
    this.#size--;
    this.#overall.used++;
    for (const slot of best.slots) slot.used++;
    return best.heap.pop();
  }

  /** Gives back the slots of an item that was taken. */
  release(item: number): void {
    this.#overall.used--;
    for (const slot of this.#lanes[this.#laneOf[item]!]!.slots) slot.used--;
  }

  #open(...limits: (Slots | undefined)[]): number {
    const heap = new IndexHeap((a, b) => this.#precedes(a, b));
    return this.#lanes.push({ heap, slots: limits.filter((slot) => slot !== undefined) }) - 1;
  }

  #precedes(a: number, b: number): boolean {
    const difference = this.#priority[a]! - this.#priority[b]!;
    return difference > 0 || (difference === 0 && a < b);
  }
}

function isFull(slot: Slots): boolean {
  return slot.used >= slot.limit;
}

function namedSlots(kind: string, limits: Record<string, number>): Map<string, Slots> {
  return new Map(Object.entries(limits).map(([name, limit]) => [name, slots(`${kind} ${name}`, limit)]));
}

function slots(what: string, limit: number): Slots {
  if (limit >= 1) return { limit, used: 0 };
  throw new SlipwayError('limit-invalid', `The limit for ${what} is ${limit}: nothing could ever run.`, {
    subject: what,
    hint: 'Set it to 1 or more under `limits` in the config.',
  });
}
