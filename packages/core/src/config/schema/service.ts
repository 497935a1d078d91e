import { z } from 'zod';
import {
  count,
  duration,
  flag,
  innerPath,
  nodeName,
  overrides,
  plainText,
  tags,
  text,
  variableName,
} from './scalars.ts';
import { strategySchema } from './strategy.ts';

const health = z
  .strictObject({
    http: z
      .string()
      .regex(/^\/|^\$\{/, 'must be a path that begins with "/"')
      .optional()
      .meta({ description: 'A path on the service; an answer with status 200 to 399 is healthy.' }),
    tcp: z.literal(true).optional().meta({ description: 'A connection to the port is enough.' }),
    command: text.optional().meta({
      description:
        "A shell command, run in the service's folder with the service's own environment; exit code 0 is healthy. `SLIPWAY_URL` is where to look.",
    }),
    interval: duration.default('1s').meta({ description: 'From one probe to the next.' }),
    timeout: duration.default('2s').meta({ description: 'For one probe.' }),
    healthyAfter: count(1, 1_000).default(2).meta({ description: 'Successes in a row that make it healthy.' }),
    unhealthyAfter: count(1, 1_000).default(3).meta({
      description: 'Failures in a row that make a running revision unhealthy.',
    }),
    deadline: duration.default('60s').meta({ description: 'From the first probe to healthy, else the step fails.' }),
  })
  .meta({ id: 'Health', description: 'How to tell that a revision works; one of `http`, `tcp` and `command`.' });

const tests = z
  .strictObject({
    smoke: text.optional().meta({ description: 'Seconds: does it answer at all?' }),
    e2e: text.optional().meta({ description: 'Minutes: the important journeys.' }),
    full: text.optional().meta({ description: 'Everything.' }),
  })
  .meta({
    id: 'Tests',
    description: 'Shell commands that test a staged revision before it gets traffic; `SLIPWAY_URL` names it.',
  });

const migrations = z
  .strictObject({
    up: text.meta({ description: 'Shell command that brings the data to this release. Must be safe to repeat.' }),
    down: text.optional().meta({
      description:
        'Takes it back, to the level in `SLIPWAY_MIGRATION_LEVEL`, which is what `status` printed before. A migration without a way down is refused unless `forwardOnly`.',
    }),
    status: text.optional().meta({
      description:
        'Prints the current level. Tells whether a release migrated anything, how far a failed or interrupted migration came, and `down` where to return to. Without it a rollback runs `down` in any case.',
    }),
    forwardOnly: flag.default(false).meta({ description: 'There is no way down, and that is accepted.' }),
  })
  .meta({ id: 'Migrations', description: 'Database migrations, run before the new revision starts.' });

export const serviceShape = {
  path: innerPath.meta({ description: "The service's folder, relative to the project's directory." }),
  build: text.optional().meta({ description: 'Shell command that builds it, run in its folder.' }),
  run: text.optional().meta({ description: 'Shell command that starts it. It listens on `PORT`.' }),
  static: innerPath.optional().meta({ description: 'A folder that is served as a static site, instead of `run`.' }),
  port: count(1, 65_535).meta({ description: 'Where users reach it: the router listens here.' }),
  env: z.record(variableName, plainText).optional().meta({
    description: 'Environment variables. May hold `${secret:}`, `${resource:}` and `${service:}`.',
  }),
  health: health.optional().meta({ description: 'Default: `{http: /}` for a static site, `{tcp: true}` otherwise.' }),
  tests: tests.optional(),
  migrations: migrations.optional(),
  strategy: strategySchema.default('blue-green').meta({
    description: 'How a new revision takes over: `recreate`, `blue-green`, `rolling`, or one of them with options.',
  }),
  dependsOn: z.array(text).optional().meta({
    description: 'Names or addresses of services and resources that come first.',
  }),
  tags: tags.optional().meta({ description: 'Labels to select by.' }),
  protect: flag.default(false).meta({ description: 'Refuse deletion.' }),
  shared: z.array(innerPath).optional().meta({
    description: 'Folders and files outside `path`, relative to the project, whose content is part of the release.',
  }),
  contract: z.array(innerPath).optional().meta({
    description: 'Files, relative to `path`, that dependents rely on: a change here releases them again.',
  }),
  stopGrace: duration.default('10s').meta({ description: 'From SIGTERM to SIGKILL.' }),
  timeout: duration.optional().meta({ description: 'For each build, test and migration step. Default 10m.' }),
};

export const serviceSchema = z
  .strictObject(serviceShape)
  .meta({ id: 'Service', description: 'Something that the team builds and ships; `run` or `static`.' });

/** What an environment may say of a service; the same keys, none required, `null` takes one away. */
export const serviceOverrideSchema = z
  .strictObject({
    ...overrides(serviceShape),
    migrations: z.strictObject(overrides(migrations.shape)).nullable().optional(),
  })
  .meta({ id: 'ServiceOverride', description: "Laid over the service's own keys in this environment." });

export const servicesSchema = z.record(nodeName, serviceSchema);
export type ServiceValues = z.output<typeof serviceSchema>;
