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
  /** By the name that metrics call them by, for example `prom: {use: prometheus, url: …}`. */
  metricSources?: Record<string, MetricSourceInput> | undefined;
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
  /** What distributes traffic: a name, or `{use: NAME}` with options of the router. Default: the platform's own. */
  router?: string | RouterInput | undefined;
  /** Laid over the project's metric sources of the same name; `null` removes one here. */
  metricSources?:
    | Record<
        string,
        {
          [property: string]: unknown;
        } | null
      >
    | undefined;
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

/** A router with its options. */
export interface RouterInput {
  /** The router's name. */
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
  image?: string | null | undefined;
  dockerfile?: string | null | undefined;
  build?: string | null | undefined;
  run?: string | null | undefined;
  static?: string | null | undefined;
  port?: number | string | null | undefined;
  containerPort?: number | string | null | undefined;
  instances?: number | string | null | undefined;
  limits?: ServiceLimitsInput | null | undefined;
  volumes?: Array<string | VolumeInput> | null | undefined;
  affinity?:
    | string
    | {
        /** The cookie's name. */
        cookie: string;
      }
    | null
    | undefined;
  env?: Record<string, string | number | boolean | null> | null | undefined;
  health?:
    | {
        http?: string | null | undefined;
        tcp?: true | null | undefined;
        command?: string | null | undefined;
        interval?: string | null | undefined;
        timeout?: string | null | undefined;
        healthyAfter?: number | string | null | undefined;
        unhealthyAfter?: number | string | null | undefined;
        deadline?: string | null | undefined;
      }
    | null
    | undefined;
  tests?:
    | {
        smoke?: string | null | undefined;
        e2e?: string | null | undefined;
        full?: string | null | undefined;
      }
    | null
    | undefined;
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
  lockstep?: string | null | undefined;
  dependsOn?: string[] | null | undefined;
  tags?: Record<string, string | number | boolean | null> | null | undefined;
  protect?: boolean | string | null | undefined;
  shared?: string[] | null | undefined;
  contract?: string[] | null | undefined;
  stopGrace?: string | null | undefined;
  timeout?: string | null | undefined;
}

/** What one instance may use. */
export interface ServiceLimitsInput {
  /** CPUs; 0.5 is half of one. */
  cpus?: number | string | undefined;
  /** Memory, for example `256Mi`. */
  memory?: number | string | undefined;
}

export interface VolumeInput {
  /** A name, or an absolute path on the machine. */
  source: string;
  /** Where it is mounted. */
  target: string;
  /** It can only be read. Default: `false`. */
  readOnly?: boolean | string | undefined;
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
  /** Keep the replaced revision running, without traffic, for an instant way back: true, false, or for how long. Default: `true`. */
  keepOld?: boolean | string | string | undefined;
  /** A port on which the router shows the new revision before it has traffic. */
  previewPort?: number | string | undefined;
  /** How long the new revision runs without traffic, and is watched, before the switch. Default: `"0s"`. */
  validation?: string | undefined;
  /** An analysis before the switch. */
  before?: AnalysisInput | undefined;
  /** An analysis after the switch; failing, all goes back. */
  after?: AnalysisInput | undefined;
  /** `automatic`: when checked; `manual`: when a person continues. Default: `"automatic"`. */
  switch?: 'automatic' | 'manual' | undefined;
  gradual?: GradualInput | undefined;
  /** Watched on for so long after the last step; failing, all goes back. Default: `"0s"`. */
  bake?: string | undefined;
}

/** Decides from measurements whether a rollout goes on. */
export interface AnalysisInput {
  /** What is measured; a critical one that fails is enough to go back. */
  metrics: MetricInput[];
  /** From one measurement to the next. Default: 10s, or a fifth of a shorter duration, at least 1s. */
  interval?: string | undefined;
  /** Nothing is measured before it is over; what ends sooner is inconclusive. Default: `"0s"`. */
  initialDelay?: string | undefined;
  /** How long it lasts where no step's `hold` says so. Default: `"60s"`. */
  duration?: string | undefined;
  /** With fewer requests in its window a measurement is inconclusive, never a pass. Default: `1`. */
  minimumSamples?: number | string | undefined;
  /** Fewer conclusive measurements of a metric than these are inconclusive. Default: `1`. */
  minimumMeasurements?: number | string | undefined;
  /** Share of the metrics' weight that must pass; critical ones must all. Default: `1`. */
  passScore?: number | string | undefined;
  /** What is done when the data do not tell; it is never taken for a pass. Default: `"pause"`. */
  onInconclusive?: 'pause' | 'fail' | ExtendAnalysisInput | undefined;
}

/** One thing that is measured again and again, and how it is judged. */
export interface MetricInput {
  /** What people call it. */
  name: string;
  /** Who answers the query: `router`, or one of `metricSources` by its name. Default: `"router"`. */
  source?: string | undefined;
  /** What to ask, in the words of the source. Of `router`: errorRate, requests, requestRate, latencyP50, latencyP95, latencyP99 (latencies in ms). Others may hold `{{service}}`, `{{revision}}`, `{{url}}` (of its first instance) and `{{window}}`. */
  query: string;
  /** The release fails above this value. */
  failAbove?: number | undefined;
  /** The release fails below this value. */
  failBelow?: number | undefined;
  /** Above this value the metric passes. Without `passAbove` and `passBelow` it does where it does not fail. */
  passAbove?: number | undefined;
  /** Below this value the metric passes. */
  passBelow?: number | undefined;
  /** Compare with the revision that has the rest of the traffic, or with a fresh copy of it (`baseline: true`). */
  compareWith?: 'stable' | 'baseline' | undefined;
  /** With `compareWith`: fails when it is more than so many times the other. */
  maxIncrease?: number | undefined;
  /** With `compareWith`: fails when it is less than so many times the other. */
  maxDecrease?: number | undefined;
  /** With `compareWith`: judged over all measurements (Mann-Whitney U, Hodges-Lehmann shift) instead of one by one. Limits beside it hold for each value by itself, and take none out of the comparison. */
  judge?: 'mann-whitney' | JudgeInput | undefined;
  /** So many failed measurements in a row fail the metric. Default: `1`. */
  consecutiveFailures?: number | string | undefined;
  /** So many failed measurements in all fail it, too. Default: no such limit. */
  failureLimit?: number | string | undefined;
  /** So many errors of the source in a row make it inconclusive for good. At the end, so many measurements without data, or more than had any, leave it inconclusive, too; unless data followed as many before. Default: `5`. */
  consecutiveErrors?: number | string | undefined;
  /** Over what time one measurement looks back. Default: since the last one, at least 1s. */
  window?: string | undefined;
  /** For the score of the analysis. Default: `1`. */
  weight?: number | string | undefined;
  /** Its failure fails the analysis, whatever the others say. Default: `true`. */
  critical?: boolean | string | undefined;
}

/** A statistical comparison of all measurements. */
export interface JudgeInput {
  /** The Mann-Whitney U test. Default: `"mann-whitney"`. */
  use?: 'mann-whitney' | undefined;
  /** Which way is worse; `either`: any difference is. Default: `"increase"`. */
  direction?: 'increase' | 'decrease' | 'either' | undefined;
  /** How sure it has to be. Default: `0.95`. */
  confidence?: number | string | undefined;
  /** The shift that still passes, as a share of the other's median. Default: `0.1`. */
  tolerance?: number | string | undefined;
  /** Fewer on either side are inconclusive. Default: `5`. */
  minimumMeasurements?: number | string | undefined;
}

export interface ExtendAnalysisInput {
  /** Measure on for as long again, at most so many times. */
  extend: number | string;
  /** What is done when that did not help. Default: `"pause"`. */
  else?: 'pause' | 'fail' | undefined;
}

/** Move the traffic in steps. Default: all at once. */
export interface GradualInput {
  /** So many per cent more each time. */
  step: number | string;
  /** How long to stay at each. Default: `"0s"`. */
  hold?: string | undefined;
}

/** Replace the instances one after another. */
export interface RollingInput {
  /** Instances replaced at once. Default: 1, or as many as `maxSurge` and `maxUnavailable` allow where one is given. */
  batch?: number | string | undefined;
  /** Instances above the wanted number while rolling; a share is rounded up. Default: as `batch`, else 1. */
  maxSurge?: number | string | undefined;
  /** Instances that may be missing while rolling and on the way back; a share is rounded down. Default: `0`. */
  maxUnavailable?: number | string | undefined;
  /** How long a new instance must have been healthy before it counts. Default: `"0s"`. */
  minimumHealthy?: string | undefined;
  /** From one batch to the next. Default: `"0s"`. */
  pause?: string | undefined;
  /** How long open requests on the old revision may go on. Default: `"30s"`. */
  drain?: string | undefined;
  /** Watches from the first batch to the end. */
  analysis?: AnalysisInput | undefined;
  /** Watched on for so long after the last step; failing, all goes back. Default: `"0s"`. */
  bake?: string | undefined;
}

/** Give the new revision more traffic step by step, and measure. */
export interface CanaryInput {
  /** In order, each with more weight than the one before; 100 follows by itself. */
  steps?: CanaryStepInput[] | undefined;
  /** Short form, instead of `steps`: the first weight. Default: as `step`. */
  initialWeight?: number | string | undefined;
  /** Short form: so many per cent more each time. Default 10. */
  step?: number | string | undefined;
  /** Short form: how long each weight is held. Default 1m. */
  interval?: string | undefined;
  /** Short form: at most so many steps before 100. */
  maxSteps?: number | string | undefined;
  /** Short form: the highest weight before 100. Default: 50, or 99 with `maxSteps`. */
  maxWeight?: number | string | undefined;
  /** Measure at every step. */
  analysis?: AnalysisInput | undefined;
  /** The analysis also watches all the way, steps without `hold` included. Default: `true`. */
  background?: boolean | string | undefined;
  /** Run a fresh revision of the old release beside the canary, as many instances with the same share of the traffic, to compare with. Default: `false`. */
  baseline?: boolean | string | undefined;
  /** Watched on for so long after the last step; failing, all goes back. Default: `"0s"`. */
  bake?: string | undefined;
  /** How long open requests on the old revision may go on. Default: `"30s"`. */
  drain?: string | undefined;
  /** Keep the replaced revision running, without traffic, for an instant way back: true, false, or for how long. Default: `true`. */
  keepOld?: boolean | string | string | undefined;
}

export interface CanaryStepInput {
  /** Share of the traffic for the new revision, in per cent. Default: as before. */
  weight?: number | string | undefined;
  /** How long to stay there; with an analysis, measure meanwhile. */
  hold?: string | undefined;
  /** Wait there until a person continues. Default: `false`. */
  pause?: boolean | string | undefined;
  /** Instead of the canary's own; `false`: none at this step. */
  analysis?: false | AnalysisInput | undefined;
  /** Instances of the new revision from here on. Default: as many as its weight needs, all of them from 50 % on. */
  scale?: number | string | undefined;
  /** Requests with this header go to the new revision, whatever its weight. */
  header?: HeaderMatchInput | undefined;
  /** Requests with this cookie go to the new revision, whatever its weight. */
  cookie?: CookieMatchInput | undefined;
}

export interface HeaderMatchInput {
  name: string;
  value: string;
}

export interface CookieMatchInput {
  name: string;
  value: string;
}

/** Where measurements come from, with its options. */
export interface MetricSourceInput {
  /** The source's kind, for example `prometheus`. */
  use: string;
  [property: string]: unknown;
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

/** Something that the team builds and ships; `run`, `static` or `image`. */
export interface ServiceInput {
  /** The service's folder, relative to the project's directory. Required without `image`. */
  path?: string | undefined;
  /** An image to run as it is, for example `nginx:1.27`, instead of one made of `path`. */
  image?: string | undefined;
  /** What the platform's image is built with, relative to `path`. */
  dockerfile?: string | undefined;
  /** Shell command that builds it, run in its folder. */
  build?: string | undefined;
  /** Shell command that starts it. It listens on `PORT`. With `image`: instead of the image's own command. */
  run?: string | undefined;
  /** A folder that is served as a static site, instead of `run`. */
  static?: string | undefined;
  /** Where users reach it: the router listens here. */
  port: number | string;
  /** Where the process listens in its container. Default: `port`. It is told in `PORT`. */
  containerPort?: number | string | undefined;
  /** How many of it run. Default: 1; on hosts, one on each. */
  instances?: number | string | undefined;
  limits?: ServiceLimitsInput | undefined;
  /** What is mounted into each instance: `NAME:/path`, `/path/on/the/machine:/path`, each with `:ro` to only read. */
  volumes?: Array<string | VolumeInput> | undefined;
  /** A user stays with the instance that answered first, by this cookie. */
  affinity?:
    | string
    | {
        /** The cookie's name. */
        cookie: string;
      }
    | undefined;
  /** Environment variables. May hold `${secret:}`, `${resource:}` and `${service:}`. `null` takes one away that was set below, also by `variables`. */
  env?: Record<string, string | number | boolean | null> | undefined;
  /** Default: `{http: /}` for a static site, `{tcp: true}` otherwise. */
  health?: HealthInput | undefined;
  tests?: TestsInput | undefined;
  migrations?: MigrationsInput | undefined;
  /** How a new revision takes over: `recreate`, `blue-green`, `rolling`, or one of them or `canary` with options. Default: `"blue-green"`. */
  strategy?: 'recreate' | 'blue-green' | 'rolling' | StrategyInput | undefined;
  /** A group: its services move together, each step of the rollout waits for all, and one that fails takes all back. */
  lockstep?: string | undefined;
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

/** How to tell that a revision works; one of `http`, `tcp` and `command`. */
export interface HealthInput {
  /** A path on the service; an answer with status 200 to 399 is healthy. */
  http?: string | undefined;
  /** A connection to the port is enough. */
  tcp?: true | undefined;
  /** A shell command, run in the service's folder with the service's own environment; exit code 0 is healthy. `SLIPWAY_URL` is where to look. */
  command?: string | undefined;
  /** From one probe to the next; sooner until one is healthy. Default: `"1s"`. */
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
