// Written by scripts/reference.ts from the config schema: change that, then run npm run reference.

/** What slipway.yaml and slipway.config.ts hold. */
export interface ProjectInput {
  /** For editors; ignored. */
  $schema?: string | undefined;
  /** The project's name. */
  name: string;
  /** Files with shared defaults, relative to this one, YAML or TypeScript. Merged key by key: this file wins, of several the later one; lists are replaced, `null` takes away. */
  extends?: string | string[] | undefined;
  /** Where it is deployed to, by name. Default: one, `dev`, on this machine. */
  environments?: Record<string, EnvironmentInput | null> | undefined;
  /** For `${var:NAME}` in every environment, and environment variables of every service. */
  variables?: Record<string, string | number | boolean> | undefined;
  /** Infrastructure, by name. */
  resources?: Record<string, ResourceInput> | undefined;
  /** What the team builds and ships, by name. */
  services?: Record<string, ServiceInput> | undefined;
  /** Where `${secret:NAME}` is looked up after the environment. Default: `.env`. */
  secrets?:
    | {
        /** Dotenv files, relative to the project's directory; the first that has a secret wins. */
        files?: string[] | undefined;
      }
    | undefined;
  /** For every environment. */
  limits?: LimitsInput | undefined;
  /** Renamed resources, so that they are kept instead of replaced. A service can not be renamed. */
  moved?: MovedInput[] | undefined;
  /** Tags whose change is no change. Default: `["deployed-at","deployed-by"]`. */
  automaticTags?: string[] | undefined;
}

/** A place to deploy to, with what differs there. */
export interface EnvironmentInput {
  /** Where services run: a name, or `{use: NAME}` with options of the platform. Default: `"local"`. */
  platform?: string | PlatformInput | undefined;
  /** What distributes traffic. Default: the platform's own. */
  router?: string | undefined;
  /** When a step fails for good: `rollback` takes everything back, `stop` starts nothing new, `continue` goes on with independent branches. Default: `"stop"`. */
  onFailure?: 'rollback' | 'stop' | 'continue' | undefined;
  /** Ask for the environment's name before changing anything; `--yes` is not enough. Without a terminal: `--confirm NAME` or `SLIPWAY_CONFIRM=NAME`. Default: `false`. */
  protected?: boolean | string | undefined;
  /** How deep a release is tested before it gets traffic; each level includes the ones before it. Default: `"smoke"`. */
  tests?: 'none' | 'smoke' | 'e2e' | 'full' | undefined;
  /** Laid over the project's limits. */
  limits?: LimitsInput | undefined;
  /** For a whole deployment. Default: none. */
  timeout?: string | undefined;
  /** For `${var:NAME}`, and environment variables of every service; wins over the top-level ones. */
  variables?: Record<string, string | number | boolean> | undefined;
  /** Laid over the resources of the same name; `null` removes one here. */
  resources?: Record<string, ResourceOverrideInput | null> | undefined;
  /** Laid over the services of the same name; `null` removes one here. */
  services?: Record<string, ServiceOverrideInput | null> | undefined;
  /** Only releases that passed in that environment: every deployment of services here takes what runs there, as with `--from`, and nothing is built. */
  promoteFrom?: string | undefined;
  /** People who must agree first. */
  approvals?:
    | {
        /** How many must approve. */
        required?: number | string | undefined;
        /** Who may, for example `team:ops`. */
        approvers?: string[] | undefined;
      }
    | undefined;
  /** When deployments may run. */
  windows?:
    | Array<{
        /** When deployments may run. */
        allow?: string | undefined;
        /** When they may not. */
        deny?: string | undefined;
      }>
    | undefined;
  /** Rule sets that a deployment must keep. */
  compliance?: string[] | undefined;
}

/** A platform with its options. */
export interface PlatformInput {
  /** The platform's name. */
  use: string;
  [property: string]: unknown;
}

/** How many steps may run at once. */
export interface LimitsInput {
  /** Steps at once. Default 10. */
  overall?: number | string | undefined;
  /** Steps at once by provider, for example `{local: 4}`. */
  providers?: Record<string, number | string> | undefined;
  /** Steps at once by resource type, for example `{'local:command': 2}`. */
  types?: Record<string, number | string> | undefined;
}

/** Laid over the resource's own keys in this environment. */
export interface ResourceOverrideInput {
  type?: string | null | undefined;
  dependsOn?: string[] | null | undefined;
  tags?: Record<string, string | number | boolean> | null | undefined;
  protect?: boolean | string | null | undefined;
  replace?: 'create-before-delete' | 'delete-before-create' | null | undefined;
  timeout?: string | null | undefined;
  retries?: number | string | null | undefined;
  properties?: Record<string, unknown> | null | undefined;
  [property: string]: unknown;
}

/** Laid over the service's own keys in this environment. */
export interface ServiceOverrideInput {
  path?: string | null | undefined;
  build?: string | null | undefined;
  run?: string | null | undefined;
  static?: string | null | undefined;
  port?: number | string | null | undefined;
  env?: Record<string, string | number | boolean> | null | undefined;
  health?: HealthInput | null | undefined;
  tests?: TestsInput | null | undefined;
  migrations?:
    | {
        up?: string | null | undefined;
        down?: string | null | undefined;
        status?: string | null | undefined;
        forwardOnly?: boolean | string | null | undefined;
      }
    | null
    | undefined;
  strategy?: 'recreate' | 'blue-green' | 'rolling' | StrategyInput | null | undefined;
  dependsOn?: string[] | null | undefined;
  tags?: Record<string, string | number | boolean> | null | undefined;
  protect?: boolean | string | null | undefined;
  shared?: string[] | null | undefined;
  contract?: string[] | null | undefined;
  stopGrace?: string | null | undefined;
  timeout?: string | null | undefined;
}

/** How to tell that a revision works; one of `http`, `tcp` and `command`. */
export interface HealthInput {
  /** A path on the service; an answer with status 200 to 399 is healthy. */
  http?: string | undefined;
  /** A connection to the port is enough. */
  tcp?: true | undefined;
  /** A shell command, run in the service's folder with the service's own environment; exit code 0 is healthy. `SLIPWAY_URL` is where to look. */
  command?: string | undefined;
  /** From one probe to the next. Default: `"1s"`. */
  interval?: string | undefined;
  /** For one probe. Default: `"2s"`. */
  timeout?: string | undefined;
  /** Successes in a row that make it healthy. Default: `2`. */
  healthyAfter?: number | string | undefined;
  /** Failures in a row that make a running revision unhealthy. Default: `3`. */
  unhealthyAfter?: number | string | undefined;
  /** From the first probe to healthy, else the step fails. Default: `"60s"`. */
  deadline?: string | undefined;
}

/** Shell commands that test a staged revision before it gets traffic; `SLIPWAY_URL` names it. */
export interface TestsInput {
  /** Seconds: does it answer at all? */
  smoke?: string | undefined;
  /** Minutes: the important journeys. */
  e2e?: string | undefined;
  /** Everything. */
  full?: string | undefined;
}

/** One strategy with its options; exactly one key. */
export interface StrategyInput {
  recreate?: RecreateInput | undefined;
  'blue-green'?: BlueGreenInput | undefined;
  rolling?: RollingInput | undefined;
  canary?: CanaryInput | undefined;
}

/** Stop the old revision, then start the new. */
export type RecreateInput = Record<string, never>;

/** Start the new revision beside the old one, probe it, move all traffic at once. */
export interface BlueGreenInput {
  /** How long open requests on the old revision may go on. Default: `"30s"`. */
  drain?: string | undefined;
  /** Keep the replaced revision running, without traffic, for an instant way back. Default: `true`. */
  keepOld?: boolean | string | undefined;
}

/** Replace the instances one after another. */
export interface RollingInput {
  /** Instances above the wanted number while rolling. */
  maxSurge?: number | string | string | undefined;
  /** Instances that may be missing while rolling. */
  maxUnavailable?: number | string | string | undefined;
  /** Wait between one instance and the next. */
  pause?: string | undefined;
}

/** Give the new revision more traffic step by step, and measure. */
export interface CanaryInput {
  /** In order, each with more weight than the one before; 100 follows by itself. */
  steps: CanaryStepInput[];
  /** Measure at every step. */
  analysis?: AnalysisInput | undefined;
}

export interface CanaryStepInput {
  /** Share of the traffic for the new revision, in per cent. */
  weight: number | string;
  /** How long to stay there and measure. */
  hold?: string | undefined;
  /** Wait there until a person continues. */
  pause?: boolean | string | undefined;
}

/** Decides from measurements whether a canary goes on. */
export interface AnalysisInput {
  /** All must pass; one that fails is enough to go back. */
  metrics: MetricInput[];
  /** With fewer requests the verdict is inconclusive, never a pass. Default: `1`. */
  minimumSamples?: number | string | undefined;
  /** What happens when the data do not tell. Default: `"pause"`. */
  onInconclusive?: 'pause' | 'rollback' | 'continue' | undefined;
}

/** One thing that is measured and how it is judged. */
export interface MetricInput {
  /** What people call it. */
  name: string;
  /** Who answers the query: `router`, or a metric source by its name. */
  source: string;
  /** What to ask, in the words of the source. */
  query: string;
  /** The release fails above this value. */
  failAbove?: number | undefined;
  /** The release fails below this value. */
  failBelow?: number | undefined;
  /** Above this value the metric passes. */
  passAbove?: number | undefined;
  /** Below this value the metric passes. */
  passBelow?: number | undefined;
  /** Compare with the revision that has the rest of the traffic. */
  compareWith?: 'stable' | undefined;
  /** With `compareWith`: fails when it is more than so many times the other. */
  maxIncrease?: number | undefined;
  /** With `compareWith`: fails when it is less than so many times the other. */
  maxDecrease?: number | undefined;
}

/** Infrastructure. Every key not named here is a property of its type. */
export interface ResourceInput {
  /** What it is: `provider:kind`, for example `local:file`. */
  type: string;
  /** Names or addresses of what must exist first. References make dependencies by themselves. */
  dependsOn?: string[] | undefined;
  /** Labels to select by. */
  tags?: Record<string, string | number | boolean> | undefined;
  /** Refuse deletion, also when this block is gone. Default: `false`. */
  protect?: boolean | string | undefined;
  /** The order when a change can not be made in place. Default: `"delete-before-create"`. */
  replace?: 'create-before-delete' | 'delete-before-create' | undefined;
  /** For each step on it. Default: the type's, else 10m. */
  timeout?: string | undefined;
  /** Attempts after the first for transient errors. Default 3. */
  retries?: number | string | undefined;
  /** Properties of the type whose names collide with the keys above. */
  properties?: Record<string, unknown> | undefined;
  [property: string]: unknown;
}

/** Something that the team builds and ships; `run` or `static`. */
export interface ServiceInput {
  /** The service's folder, relative to the project's directory. */
  path: string;
  /** Shell command that builds it, run in its folder. */
  build?: string | undefined;
  /** Shell command that starts it. It listens on `PORT`. */
  run?: string | undefined;
  /** A folder that is served as a static site, instead of `run`. */
  static?: string | undefined;
  /** Where users reach it: the router listens here. */
  port: number | string;
  /** Environment variables. May hold `${secret:}`, `${resource:}` and `${service:}`. */
  env?: Record<string, string | number | boolean> | undefined;
  /** Default: `{http: /}` for a static site, `{tcp: true}` otherwise. */
  health?: HealthInput | undefined;
  tests?: TestsInput | undefined;
  migrations?: MigrationsInput | undefined;
  /** How a new revision takes over: `recreate`, `blue-green`, `rolling`, or one of them with options. Default: `"blue-green"`. */
  strategy?: 'recreate' | 'blue-green' | 'rolling' | StrategyInput | undefined;
  /** Names or addresses of services and resources that come first. */
  dependsOn?: string[] | undefined;
  /** Labels to select by. */
  tags?: Record<string, string | number | boolean> | undefined;
  /** Refuse deletion. Default: `false`. */
  protect?: boolean | string | undefined;
  /** Folders and files outside `path`, relative to the project, whose content is part of the release. */
  shared?: string[] | undefined;
  /** Files, relative to `path`, that dependents rely on: a change here releases them again. */
  contract?: string[] | undefined;
  /** From SIGTERM to SIGKILL. Default: `"10s"`. */
  stopGrace?: string | undefined;
  /** For each build, test and migration step. Default 10m. */
  timeout?: string | undefined;
}

/** Database migrations, run before the new revision starts. */
export interface MigrationsInput {
  /** Shell command that brings the data to this release. Must be safe to repeat. */
  up: string;
  /** Takes it back, to the level in `SLIPWAY_MIGRATION_LEVEL`, which is what `status` printed before. A migration without a way down is refused unless `forwardOnly`. */
  down?: string | undefined;
  /** Prints the current level. Tells whether a release migrated anything, how far a failed or interrupted migration came, and `down` where to return to. Without it a rollback runs `down` in any case. */
  status?: string | undefined;
  /** There is no way down, and that is accepted. Default: `false`. */
  forwardOnly?: boolean | string | undefined;
}

export interface MovedInput {
  /** The address until now. */
  from: string;
  /** The address from now on. */
  to: string;
}
