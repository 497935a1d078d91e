import { z } from 'zod';
import { count, duration, flag, nodeName, overrides, tags, text } from './scalars.ts';

export const resourceShape = {
  type: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+:[A-Za-z0-9_.:/-]+$|\$\{/, 'must be a type\nwrite PROVIDER:KIND, for example local:file')
    .meta({ description: 'What it is: `provider:kind`, for example `local:file`.' }),
  dependsOn: z.array(text).optional().meta({
    description: 'Names or addresses of what must exist first. References make dependencies by themselves.',
  }),
  tags: tags.optional().meta({ description: 'Labels to select by.' }),
  protect: flag.default(false).meta({ description: 'Refuse deletion, also when this block is gone.' }),
  replace: z.enum(['create-before-delete', 'delete-before-create']).default('delete-before-create').meta({
    description: 'The order when a change can not be made in place.',
  }),
  timeout: duration.optional().meta({ description: "For each step on it. Default: the type's, else 10m." }),
  retries: count(0, 100).optional().meta({ description: 'Attempts after the first for transient errors. Default 3.' }),
  properties: z.record(z.string(), z.unknown()).optional().meta({
    description: 'Properties of the type whose names collide with the keys above.',
  }),
};

/** The keys that Slipway itself understands; every other key of a resource is a property of its type. */
export const resourceMetaSchema = z.strictObject(resourceShape);

export const resourceSchema = z
  .looseObject(resourceShape)
  .meta({ id: 'Resource', description: 'Infrastructure. Every key not named here is a property of its type.' });

/** What an environment may say of a resource. */
export const resourceOverrideSchema = z
  .looseObject(overrides(resourceShape))
  .meta({ id: 'ResourceOverride', description: "Laid over the resource's own keys in this environment." });

export const resourcesSchema = z.record(nodeName, resourceSchema);
export type ResourceValues = z.output<typeof resourceMetaSchema>;
