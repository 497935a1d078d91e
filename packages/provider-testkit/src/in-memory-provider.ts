import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CallContext,
  type Found,
  type JsonObject,
  type Provider,
  type Recorded,
  type ResourceType,
  SlipwayError,
} from '@slipway/core/provider';
import { z } from 'zod';
import { type Fault, withFault } from './fault.ts';
import type { MemoryCall, MemoryThing, MemoryWorld } from './memory-world.ts';

export interface MemoryOptions {
  /** What goes wrong. Default: nothing. */
  fault?: Fault<MemoryCall>;
  /** How long creations, updates and deletions take, in ms, abortable. Default 0. */
  slowMs?: number | ((call: MemoryCall) => number);
  /** False: `find` can't tell, as with a system that knows no tokens. Default true. */
  canFind?: boolean;
}

const price = z.strictObject({ amount: z.number().nonnegative(), currency: z.string().regex(/^[A-Z]{3}$/) });

const schema = z.strictObject({
  value: z.json().optional().meta({ description: 'Anything; becomes the output `value`.' }),
  price: price
    .nullable()
    .optional()
    .meta({ description: 'What it costs a month; null: nobody knows. Default: nothing.' }),
  kind: z.string().optional().meta({ description: 'Can only be changed by replacement.' }),
});

/**
 * A provider named `memory` with one resource type, `memory:thing`, whose things are entries of a
 * {@link MemoryWorld} in this process: really made, changed and removed, and gone with the world.
 */
export function inMemoryProvider(world: MemoryWorld, options: MemoryOptions = {}): Provider {
  return { name: 'memory', resourceTypes: [memoryThing(world, options)], platforms: [] };
}

/** `memory:thing` alone. */
export function memoryThing(world: MemoryWorld, options: MemoryOptions = {}): ResourceType {
  const act = actor(world, options);
  return {
    name: 'memory:thing',
    description: 'A thing in the memory of this process.',
    schema,
    replaceOn: ['kind'],
    predict: ({ value = null }) => ({ value }),
    read: (context, { id, name, token }) =>
      act(context, { call: 'read', name, token }, async () => seen(world.things.get(id))),
    find(context, { action, name, token, recorded }) {
      return act(context, { call: 'find', name, token }, async () => {
        if (options.canFind === false)
          return { kind: 'cannot-tell', look: `Look in the world for ${name} (${token}).` };
        if (!recorded || action === 'create') return seen(world.madeWith(token));
        const thing = world.things.get(recorded.id);
        return action === 'delete' || thing?.tokens.includes(token) ? seen(thing) : { kind: 'absent' };
      });
    },
    create: (context, { token, name, properties }) =>
      act(context, { call: 'create', name, token }, async () => appliedTo(world.make(name, properties, token))),
    update: (context, { token, name, recorded, properties }) =>
      act(context, { call: 'update', name, token }, async () => {
        const thing = world.things.get(recorded.id);
        if (!thing) throw gone(recorded);
        thing.properties = structuredClone(properties);
        thing.tokens.push(token);
        return appliedTo(thing);
      }),
    delete: (context, { id, name, token }) =>
      act(context, { call: 'delete', name, token }, async () => void world.things.delete(id)),
    async import(_, id) {
      const thing = world.things.get(id);
      return thing ? { kind: 'present', properties: thing.properties, ...appliedTo(thing) } : { kind: 'absent' };
    },
    estimate: () => 1,
    cost: ({ price: declared }) => (declared === undefined ? 0 : price.safeParse(declared).data),
  };
}

/** Wraps each effect with what the options ask for. */
function actor(world: MemoryWorld, { fault, slowMs = 0 }: MemoryOptions) {
  return async <T>(context: CallContext, head: Omit<MemoryCall, 'number'>, effect: () => Promise<T>): Promise<T> => {
    const call = world.record(head);
    context.signal.throwIfAborted();
    const lastsMs = typeof slowMs === 'number' ? slowMs : slowMs(call);
    if (lastsMs > 0 && call.call !== 'read' && call.call !== 'find') await wait(lastsMs, context.signal);
    return await withFault(call, fault, effect);
  };
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

function seen(thing: MemoryThing | undefined): Found {
  return thing
    ? { kind: 'present', properties: structuredClone(thing.properties), ...appliedTo(thing) }
    : { kind: 'absent' };
}

function appliedTo({ id, properties: { value = null } }: MemoryThing): { id: string; outputs: JsonObject } {
  return { id, outputs: { id, value: structuredClone(value) } };
}

function gone({ id }: Recorded): SlipwayError {
  return new SlipwayError('thing-gone', `${id} isn't in the world any more.`, {
    subject: id,
    hint: 'Create it again.',
  });
}
