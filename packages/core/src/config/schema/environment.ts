import { z } from 'zod';
import { resourceOverrideSchema } from './resource.ts';
import { count, duration, flag, nodeName, plainText, text, variableName } from './scalars.ts';
import { serviceOverrideSchema } from './service.ts';

const slots = count(1, 10_000);

export const limits = z
  .strictObject({
    overall: slots.optional().meta({ description: 'Steps at once. Default 10.' }),
    providers: z.record(text, slots).optional().meta({
      description: 'Steps at once by provider, for example `{local: 4}`.',
    }),
    types: z.record(text, slots).optional().meta({
      description: "Steps at once by resource type, for example `{'local:command': 2}`.",
    }),
  })
  .meta({ id: 'Limits', description: 'How many steps may run at once.' });

export const variables = z.record(variableName, plainText);

const platform = z.union([
  text,
  z
    .looseObject({ use: text.meta({ description: "The platform's name." }) })
    .meta({ id: 'Platform', description: 'A platform with its options.' }),
]);

const router = z.union([
  text,
  z
    .looseObject({ use: text.meta({ description: "The router's name." }) })
    .meta({ id: 'Router', description: 'A router with its options.' }),
]);

export const metricSources = z
  .record(
    nodeName,
    z
      .looseObject({
        use: text.meta({ description: "The source's kind, for example `prometheus`." }),
      })
      .meta({ id: 'MetricSource', description: 'Where measurements come from, with its options.' }),
  )
  .meta({
    description: 'By the name that metrics call them by, for example `prom: {use: prometheus, url: …}`.',
  });

const window = z.strictObject({
  allow: text.optional().meta({ description: 'When deployments may run.' }),
  deny: text.optional().meta({ description: 'When they may not.' }),
});

/** Keys that the schema accepts and this version can not honour: a plan refuses them by name. */
export const UNSUPPORTED_KEYS = ['approvals', 'windows', 'compliance'] as const;

export const environmentShape = {
  platform: platform.default('local').meta({
    description: 'Where services run: a name, or `{use: NAME}` with options of the platform.',
  }),
  router: router.optional().meta({
    description:
      "What distributes traffic: a name, or `{use: NAME}` with options of the router. Default: the platform's own.",
  }),
  metricSources: z.record(nodeName, z.looseObject({}).nullable()).optional().meta({
    description: "Laid over the project's metric sources of the same name; `null` removes one here.",
  }),
  onFailure: z.enum(['rollback', 'stop', 'continue']).default('stop').meta({
    description:
      'When a step fails for good: `rollback` takes everything back, `stop` starts nothing new, `continue` goes on with independent branches.',
  }),
  protected: flag.default(false).meta({
    description:
      "Ask for the environment's name before changing anything; `--yes` is not enough. Without a terminal: `--confirm NAME` or `SLIPWAY_CONFIRM=NAME`.",
  }),
  tests: z.enum(['none', 'smoke', 'e2e', 'full']).default('smoke').meta({
    description: 'How deep a release is tested before it gets traffic; each level includes the ones before it.',
  }),
  limits: limits.optional().meta({ description: "Laid over the project's limits." }),
  timeout: duration.optional().meta({ description: 'For a whole deployment. Default: none.' }),
  variables: variables.optional().meta({
    description: 'For `${var:NAME}`, and environment variables of every service; wins over the top-level ones.',
  }),
  resources: z.record(nodeName, resourceOverrideSchema.nullable()).optional().meta({
    description: 'Laid over the resources of the same name; `null` removes one here.',
  }),
  services: z.record(nodeName, serviceOverrideSchema.nullable()).optional().meta({
    description: 'Laid over the services of the same name; `null` removes one here.',
  }),
  promoteFrom: nodeName.optional().meta({
    description:
      'Only releases that passed in that environment: every deployment of services here takes what runs there, as with `--from`, and nothing is built.',
  }),
  approvals: z
    .strictObject({
      required: count(1, 100).optional().meta({ description: 'How many must approve.' }),
      approvers: z.array(text).optional().meta({ description: 'Who may, for example `team:ops`.' }),
    })
    .optional()
    .meta({ description: 'People who must agree first.' }),
  windows: z.array(window).optional().meta({ description: 'When deployments may run.' }),
  compliance: z.array(text).optional().meta({ description: 'Rule sets that a deployment must keep.' }),
};

export const environmentSchema = z
  .strictObject(environmentShape)
  .meta({ id: 'Environment', description: 'A place to deploy to, with what differs there.' });

/** Nodes are checked after they were laid over the project's; here their keys are only known. */
export const environmentShellSchema = environmentSchema.extend({
  resources: z.unknown().optional(),
  services: z.unknown().optional(),
});
export type EnvironmentValues = z.output<typeof environmentShellSchema>;
