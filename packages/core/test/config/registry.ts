import { type ZodType, z } from 'zod';
import type { Platform, ResourceType } from '../../src/provider/contract.ts';
import { ProviderRegistry } from '../../src/provider/registry.ts';

const refuse = () => Promise.reject(new Error('Reading a config calls no provider.'));

function resourceType(name: string, schema: ZodType): ResourceType {
  return { name, description: name, schema, read: refuse, find: refuse, create: refuse, delete: refuse };
}

const file = z.strictObject({
  path: z.string(),
  content: z.string(),
  mode: z.number().int().optional(),
  owner: z.strictObject({ id: z.number() }).optional(),
});
const command = z.strictObject({
  create: z.string(),
  find: z.string().optional(),
  delete: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  timeout: z.number().optional(),
});

/** Providers as a config sees them: names and schemas. */
export function configRegistry(): ProviderRegistry {
  const platform = (name: string): Platform => ({ name, router: {} }) as Platform;
  return new ProviderRegistry({
    core: async () => ({
      name: 'core',
      resourceTypes: [resourceType('core:value', z.strictObject({ input: z.unknown() }))],
      platforms: [],
    }),
    local: async () => ({
      name: 'local',
      resourceTypes: [resourceType('local:file', file), resourceType('local:command', command)],
      platforms: [platform('local')],
    }),
  });
}
