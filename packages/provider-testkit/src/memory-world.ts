import type { JsonObject } from '@slipway/core/provider';

/** A thing that exists. */
export interface MemoryThing {
  id: string;
  name: string;
  properties: JsonObject;
  /** Of the call that made it, then of every call that changed it. */
  tokens: string[];
}

/** One call that reached the world. */
export interface MemoryCall {
  call: 'read' | 'find' | 'create' | 'update' | 'delete';
  /** The node's name. */
  name: string;
  token: string;
  /** 1 for the first call of this kind for this name. */
  number: number;
}

/** The world outside: what exists, and every call that came. It outlives the providers that act on it. */
export class MemoryWorld {
  readonly things = new Map<string, MemoryThing>();
  readonly calls: MemoryCall[] = [];
  #made = 0;

  record(call: Omit<MemoryCall, 'number'>): MemoryCall {
    const before = this.calls.filter((one) => one.call === call.call && one.name === call.name).length;
    const recorded = { ...call, number: before + 1 };
    this.calls.push(recorded);
    return recorded;
  }

  /** Makes a new thing each time that it is asked to: the world itself knows no idempotency. */
  make(name: string, properties: JsonObject, token: string): MemoryThing {
    const thing = { id: `thing-${++this.#made}`, name, properties: structuredClone(properties), tokens: [token] };
    this.things.set(thing.id, thing);
    return thing;
  }

  madeWith(token: string): MemoryThing | undefined {
    return [...this.things.values()].find((thing) => thing.tokens[0] === token);
  }
}
