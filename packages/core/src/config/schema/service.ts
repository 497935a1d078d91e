import { z } from 'zod';
import {
  count,
  decimal,
  duration,
  flag,
  innerPath,
  memory,
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
    interval: duration.default('1s').meta({ description: 'From one probe to the next; sooner until one is healthy.' }),
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

const cookieName = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$|\$\{/, 'must be the name of a cookie: letters, digits, "-" and "_"')
  .max(100, 'must have at most 100 characters');

const volume = z.union([
  z.string().regex(/^([A-Za-z0-9][\w.-]*|\/[^:]*):\/[^:]*(:(ro|rw))?$|\$\{/, {
    error: 'must be a volume\nwrite for example "data:/var/lib/data" or "/srv/static:/static:ro"',
  }),
  z
    .strictObject({
      source: text.meta({ description: 'A name, or an absolute path on the machine.' }),
      target: z
        .string()
        .regex(/^\/|\$\{/, 'must be an absolute path')
        .meta({ description: 'Where it is mounted.' }),
      readOnly: flag.default(false).meta({ description: 'It can only be read.' }),
    })
    .meta({ id: 'Volume' }),
]);

export const serviceShape = {
  path: innerPath.optional().meta({
    description: "The service's folder, relative to the project's directory. Required without `image`.",
  }),
  image: text.optional().meta({
    description: 'An image to run as it is, for example `nginx:1.27`, instead of one made of `path`.',
  }),
  dockerfile: innerPath.optional().meta({
    description: "What the platform's image is built with, relative to `path`.",
  }),
  build: text.optional().meta({ description: 'Shell command that builds it, run in its folder.' }),
  run: text.optional().meta({
    description:
      "Shell command that starts it. It listens on `PORT`. With `image`: instead of the image's own command.",
  }),
  static: innerPath.optional().meta({ description: 'A folder that is served as a static site, instead of `run`.' }),
  port: count(1, 65_535).meta({ description: 'Where users reach it: the router listens here.' }),
  containerPort: count(1, 65_535).optional().meta({
    description: 'Where the process listens in its container. Default: `port`. It is told in `PORT`.',
  }),
  instances: count(1, 1_000).optional().meta({
    description: 'How many of it run. Default: 1; on hosts, one on each.',
  }),
  limits: z
    .strictObject({
      cpus: decimal(0.01, 1_024).optional().meta({ description: 'CPUs; 0.5 is half of one.' }),
      memory: memory.optional().meta({ description: 'Memory, for example `256Mi`.' }),
    })
    .meta({ id: 'ServiceLimits', description: 'What one instance may use.' })
    .optional(),
  volumes: z.array(volume).optional().meta({
    description:
      'What is mounted into each instance: `NAME:/path`, `/path/on/the/machine:/path`, each with `:ro` to only read.',
  }),
  affinity: z
    .union([cookieName, z.strictObject({ cookie: cookieName.meta({ description: "The cookie's name." }) })])
    .optional()
    .meta({
      description: 'A user stays with the instance that answered first, by this cookie.',
    }),
  env: z.record(variableName, plainText.nullable()).optional().meta({
    description:
      'Environment variables. May hold `${secret:}`, `${resource:}` and `${service:}`. `null` takes one away that was set below, also by `variables`.',
  }),
  health: health.optional().meta({ description: 'Default: `{http: /}` for a static site, `{tcp: true}` otherwise.' }),
  tests: tests.optional(),
  migrations: migrations.optional(),
  strategy: strategySchema.default('blue-green').meta({
    description:
      'How a new revision takes over: `recreate`, `blue-green`, `rolling`, or one of them or `canary` with options.',
  }),
  lockstep: nodeName.optional().meta({
    description:
      'A group: its services move together, each step of the rollout waits for all, and one that fails takes all back.',
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
  .meta({ id: 'Service', description: 'Something that the team builds and ships; `run`, `static` or `image`.' });

/** What an environment may say of a service; the same keys, none required, `null` takes one away. */
export const serviceOverrideSchema = z
  .strictObject({
    ...overrides(serviceShape),
    health: z.strictObject(overrides(health.shape)).nullable().optional(),
    tests: z.strictObject(overrides(tests.shape)).nullable().optional(),
    migrations: z.strictObject(overrides(migrations.shape)).nullable().optional(),
    tags: z.record(text, plainText.nullable()).nullable().optional(),
  })
  .meta({ id: 'ServiceOverride', description: "Laid over the service's own keys in this environment." });

export const servicesSchema = z.record(nodeName, serviceSchema);
export type ServiceValues = z.output<typeof serviceSchema>;
