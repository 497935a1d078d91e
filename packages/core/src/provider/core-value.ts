import { z } from 'zod';
import { sha256 } from '../json.ts';
import type { ResourceType } from './contract.ts';

// Whatever a config holds is JSON already: `z.json()` would look at every leaf of every value again.
const schema = z.strictObject({
  input: z
    .unknown()
    .refine((value) => value !== undefined, 'is missing')
    .meta({ description: 'Any JSON; becomes the output `value`.' }),
  replaceWhen: z.unknown().optional().meta({ description: 'Any JSON; a change of it replaces the resource.' }),
});

const idOf = (token: string) => `value-${sha256(token).slice(0, 16)}`;

/**
 * `core:value`: carries a value from one place of the graph to others. It has no effect outside, so
 * whatever is recorded of it is true, and every call is safe to repeat. Its id follows from the token.
 */
export const coreValue: ResourceType = {
  name: 'core:value',
  description: 'A value that other nodes refer to. Has no effect outside.',
  schema,
  pure: true,
  replaceOn: ['replaceWhen'],
  predict: ({ input = null }) => ({ value: input }),
  read: async (_, { id, properties, outputs }) => ({ kind: 'present', id, properties, outputs }),
  async find(_, { action, token, properties: { input = null }, recorded }) {
    if (action === 'delete') return { kind: 'absent' };
    return { kind: 'present', id: recorded?.id ?? idOf(token), outputs: { value: input } };
  },
  create: async (_, { token, properties: { input = null } }) => ({ id: idOf(token), outputs: { value: input } }),
  update: async (_, { recorded, properties: { input = null } }) => ({ id: recorded.id, outputs: { value: input } }),
  delete: async () => {},
  estimate: () => 1,
  cost: () => 0,
};
