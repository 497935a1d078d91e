import { z } from 'zod';
import { environmentSchema, limits, metricSources, variables } from './environment.ts';
import { resourcesSchema } from './resource.ts';
import { address, nodeName, text } from './scalars.ts';
import { servicesSchema } from './service.ts';

export const DEFAULT_AUTOMATIC_TAGS = ['deployed-at', 'deployed-by'];

/**
 * The one schema of a config: it validates, and the JSON Schema, the types of `defineProject` and the
 * reference page are made of it.
 */
export const projectSchema = z
  .strictObject({
    $schema: z.string().optional().meta({ description: 'For editors; ignored.' }),
    name: nodeName.meta({ description: "The project's name." }),
    extends: z
      .union([text, z.array(text)], { error: 'must be a path or a list of paths' })
      .optional()
      .meta({
        description:
          'Files with shared defaults, relative to this one, YAML or TypeScript. Merged key by key: this file wins, of several the later one; lists are replaced, `null` takes away.',
      }),
    environments: z.record(nodeName, environmentSchema.nullable()).optional().meta({
      description: 'Where it is deployed to, by name. Default: one, `dev`, on this machine.',
    }),
    variables: variables.optional().meta({
      description: 'For `${var:NAME}` in every environment, and environment variables of every service.',
    }),
    metricSources: metricSources.optional(),
    resources: resourcesSchema.optional().meta({ description: 'Infrastructure, by name.' }),
    services: servicesSchema.optional().meta({ description: 'What the team builds and ships, by name.' }),
    secrets: z
      .strictObject({
        files: z.array(text).optional().meta({
          description: "Dotenv files, relative to the project's directory; the first that has a secret wins.",
        }),
      })
      .optional()
      .meta({ description: 'Where `${secret:NAME}` is looked up after the environment. Default: `.env`.' }),
    limits: limits.optional().meta({ description: 'For every environment.' }),
    moved: z
      .array(
        z
          .strictObject({
            from: address.meta({ description: 'The address until now.' }),
            to: address.meta({ description: 'The address from now on.' }),
          })
          .meta({ id: 'Moved' }),
      )
      .optional()
      .meta({
        description: 'Renamed resources, so that they are kept instead of replaced. A service can not be renamed.',
      }),
    automaticTags: z.array(text).default(DEFAULT_AUTOMATIC_TAGS).meta({
      description: 'Tags whose change is no change.',
    }),
  })
  .meta({ id: 'Project', title: 'Slipway project', description: 'What slipway.yaml and slipway.config.ts hold.' });

/** Nodes and environments are checked one by one; here their keys are only known. */
export const projectShellSchema = projectSchema.extend({
  environments: z.unknown().optional(),
  resources: z.unknown().optional(),
  services: z.unknown().optional(),
  metricSources: z.unknown().optional(),
});
export type ProjectValues = z.output<typeof projectShellSchema>;
