import type { Address } from '../address.ts';
import type { JsonObject } from '../json.ts';
import type { ReplaceOrder } from '../state/record.ts';

/** What a run does when a step fails for good. */
export type FailurePolicy = 'rollback' | 'stop' | 'continue';
/** How deep a release is tested before it gets traffic; each level includes the ones before it. */
export type TestLevel = 'none' | 'smoke' | 'e2e' | 'full';

/** How many steps may run at once. */
export interface Limits {
  /** Default 10. */
  overall: number;
  /** By provider name, for example `{local: 4}`. */
  providers: Record<string, number>;
  /** By resource type, for example `{'local:command': 2}`. */
  types: Record<string, number>;
}

/** The environment a project was loaded for. */
export interface Environment {
  name: string;
  platform: { use: string } & JsonObject;
  /** What distributes traffic, with its options. Absent: the platform's own router. */
  router?: { use: string } & JsonObject;
  /** Where measurements come from, by the name that metrics call them by; options may name secrets. */
  metricSources: Record<string, { use: string } & JsonObject>;
  onFailure: FailurePolicy;
  protected: boolean;
  tests: TestLevel;
  limits: Limits;
  /** For a whole deployment; undefined means no deadline. */
  timeoutMs?: number;
  variables: Record<string, string>;
  /** Services get only releases that passed in that environment. */
  promoteFrom?: string;
  /** Keys that the schema accepts and this version cannot honour yet (`approvals`, `windows`, …), by key. */
  unsupported: string[];
}

export interface ResourceDeclaration {
  address: Address;
  name: string;
  type: string;
  /** `${env:}` and `${var:}` are resolved; `${secret:}`, `${resource:}` and `${service:}` are left. */
  properties: JsonObject;
  /** Declared and from references, sorted, without duplicates. */
  dependsOn: Address[];
  tags: Record<string, string>;
  protect: boolean;
  replace: ReplaceOrder;
  /** For each step on it. Default: the type's, else 10 minutes. */
  timeoutMs?: number;
  /** Attempts after the first for transient errors. Default 3. */
  retries?: number;
}

export interface HealthCheck {
  /** A path (`/healthz`) on the service, or nothing for TCP or command. */
  http?: string;
  /** True: a connection to the service's port is enough. */
  tcp?: boolean;
  /** Exit code 0 is healthy; SLIPWAY_URL names the revision. */
  command?: string;
  intervalMs: number;
  timeoutMs: number;
  /** Successes in a row. */
  healthyAfter: number;
  /** Failures in a row before a running revision counts as unhealthy. */
  unhealthyAfter: number;
  /** From the first probe to healthy, else the step fails. */
  deadlineMs: number;
}

export interface Migrations {
  up: string;
  /** A migration without a way down is refused unless `forwardOnly`. */
  down?: string;
  /** Prints the current level (any text). Settles an interrupted migration and tells `down` where to return to. */
  status?: string;
  forwardOnly: boolean;
}

/** So many instances, or a share of the wanted number (rounded up where it adds, down where it takes away). */
export type Amount = { count: number } | { percent: number };

/** A condition on a value, beyond which a metric fails or within which it passes. */
export interface Threshold {
  above?: number;
  below?: number;
}

/** Which revision a metric is held against: the one with the rest of the traffic, or a fresh one of equal size. */
export type Comparison = 'stable' | 'baseline';

/** How two sets of measurements are compared: Mann-Whitney U, with the Hodges-Lehmann shift as the size of the effect. */
export interface StatisticalJudge {
  /** Which way is worse. `either`: any difference is. */
  direction: 'increase' | 'decrease' | 'either';
  /** 0 to 1. Default 0.95. */
  confidence: number;
  /** The shift, as a share of the other's median, that still passes. Default 0.1. */
  tolerance: number;
  /** Fewer measurements than these on either side are inconclusive. Default 5. */
  minimumMeasurements: number;
}

/** One thing that is measured again and again, and how it is judged. */
export interface Metric {
  name: string;
  /** `router`, or the name of a metric source of the environment. */
  source: string;
  /** In the words of the source; of `router`: errorRate, requests, requestRate, latencyP50, latencyP95, latencyP99. */
  query: string;
  fail?: Threshold;
  pass?: Threshold;
  compareWith?: Comparison;
  /** With `compareWith`: fails when it is more than so many times the other. */
  maxIncrease?: number;
  /** With `compareWith`: fails when it is less than so many times the other. */
  maxDecrease?: number;
  /** With `compareWith`: judged over all measurements instead of one by one. */
  judge?: StatisticalJudge;
  /** So many failed measurements in a row fail the metric. Default 1. */
  consecutiveFailures: number;
  /** So many in all do too. Default: as `consecutiveFailures` says, no other cap. */
  failureLimit?: number;
  /** So many errors of the source in a row make it inconclusive for good. Default 5. */
  consecutiveErrors: number;
  /** Over what time one measurement looks back, in ms. Default: since the last one, at least 1 s. */
  windowMs?: number;
  /** For the score of the analysis. Default 1. */
  weight: number;
  /** True (default): its failure fails the analysis whatever the others say. */
  critical: boolean;
}

/** What is done when the data do not tell; never taken for a pass. */
export type InconclusivePolicy =
  | { kind: 'pause' }
  | { kind: 'fail' }
  /** Measures on for as long again, at most so many times; then what `else` says. */
  | { kind: 'extend'; times: number; else: 'pause' | 'fail' };

/** Decides from measurements whether a rollout goes on. */
export interface Analysis {
  metrics: Metric[];
  /** From one measurement to the next, in ms. Default 10 s, or a fifth of the duration when that is shorter, at least 1 s. */
  intervalMs?: number;
  /** Before the first one, in ms. Default 0. */
  initialDelayMs: number;
  /** How long an analysis of its own lasts after the delay, where no step's hold decides, in ms. Default 60 s. */
  durationMs: number;
  /** With fewer requests in the window, of a source that counts them, a measurement is inconclusive. Default 1. */
  minimumSamples: number;
  /** Fewer conclusive measurements of a metric than these are inconclusive. Default 1. */
  minimumMeasurements: number;
  /** Share of the metrics' weight that must pass, 0 to 1; critical ones must all. Default 1. */
  passScore: number;
  onInconclusive: InconclusivePolicy;
}

export interface CanaryStep {
  /** In per cent; absent: as before. */
  weight?: number;
  /** Stay for so long; with an analysis, measure meanwhile. */
  holdMs?: number;
  /** Wait until a person continues. */
  pause: boolean;
  /** Instead of the canary's own; `null`: none at this step. */
  analysis?: Analysis | null;
  /** How many instances the new revision has from here on. Default: as many as its weight needs, all from 50 % on. */
  scale?: Amount;
  /** Requests with this header go to the new revision, whatever its weight. */
  header?: { name: string; value: string };
  cookie?: { name: string; value: string };
}

export interface RollingStrategy {
  kind: 'rolling';
  /** Instances replaced at once. Default 1. */
  batch: Amount;
  /** Instances above the wanted number while rolling. Default 1. */
  maxSurge: Amount;
  /** Instances that may be missing while rolling and on the way back. Default 0. */
  maxUnavailable: Amount;
  /** How long a new instance must have been healthy before it counts, in ms. Default 0. */
  minimumHealthyMs: number;
  /** From one batch to the next, in ms. Default 0. */
  pauseMs: number;
  drainMs: number;
  /** Watches from the first batch to the end. */
  analysis?: Analysis;
  /** Watched on after the last batch, in ms. Default 0. */
  bakeMs: number;
}

export interface BlueGreenStrategy {
  kind: 'blue-green';
  drainMs: number;
  /** Whether the replaced revision stays for an instant way back: true, false, or for how long after the switch. */
  keepOld: boolean | { forMs: number };
  /** A port on which the router shows the new revision before it has traffic. */
  previewPort?: number;
  /** How long the new revision is watched without traffic before the switch, in ms. Default 0. */
  validationMs: number;
  /** Before the switch, against the preview. */
  before?: Analysis;
  /** After the switch; failing, all goes back. */
  after?: Analysis;
  /** `automatic`: when checked. `manual`: when a person continues. */
  switch: 'automatic' | 'manual';
  /** In steps of so many per cent, each held for so long. Absent: all at once. */
  gradual?: { step: number; holdMs: number };
  /** Watched on after the switch, in ms, with `after` or health alone. Default 0. */
  bakeMs: number;
}

export interface CanaryStrategy {
  kind: 'canary';
  /** The short form is written out to these. In order; 100 follows by itself. */
  steps: CanaryStep[];
  analysis?: Analysis;
  /** True: the analysis also watches all the way, steps without hold included. Default true where there is one. */
  background: boolean;
  /** A fresh revision of the old release, as many instances as the canary, with the same share of the traffic. */
  baseline: boolean;
  /** Watched on after promotion, in ms. Default 0. */
  bakeMs: number;
  drainMs: number;
  keepOld: boolean | { forMs: number };
}

export type StrategyDeclaration = { kind: 'recreate' } | RollingStrategy | BlueGreenStrategy | CanaryStrategy;

/** A user stays with the instance that answered first, by a cookie that the router sets. */
export interface Affinity {
  cookie: string;
}

/** A folder or named volume of the platform, mounted into each instance. */
export interface Volume {
  /** A name, or an absolute path on the machine. */
  source: string;
  /** Absolute. */
  target: string;
  readOnly: boolean;
}

/** What decides how a release is built and run; recorded with the revision, so plain JSON without functions. */
export interface ServiceSpec {
  /** Relative to the project's directory, POSIX separators. Empty: of an `image`, without a folder of its own. */
  path: string;
  build?: string;
  run?: string;
  /** An image to run as it is, instead of one made of `path`. */
  image?: string;
  /** Relative to `path`: what the platform's image is built with. */
  dockerfile?: string;
  /** Where the process listens in its container. Default: `port`. Always told in `PORT`. */
  containerPort?: number;
  /** How many of it run. Default 1; on hosts, one on each. */
  instances?: number;
  /** CPUs (0.5 is half of one) and bytes of memory that one instance may use. */
  limits?: { cpus?: number; memoryBytes?: number };
  volumes?: Volume[];
  affinity?: Affinity;
  /** A folder of the artifact that is served as a static site, instead of `run`. */
  static?: string;
  /** Where users reach it: the router listens here. */
  port: number;
  /** `${secret:}`, `${resource:}` and `${service:}` are left in; at run time they are resolved. */
  env: Record<string, string>;
  health: HealthCheck;
  tests: { smoke?: string; e2e?: string; full?: string };
  migrations?: Migrations;
  strategy: StrategyDeclaration;
  /** From SIGTERM to SIGKILL. Default 10 s. */
  stopGraceMs: number;
}

export interface ServiceDeclaration {
  address: Address;
  name: string;
  spec: ServiceSpec;
  dependsOn: Address[];
  tags: Record<string, string>;
  protect: boolean;
  /** Folders and files outside `path`, relative to the project, whose content is part of the release. */
  shared: string[];
  /** Files (relative to `path`) that dependents rely on; a change here re-releases them. */
  contract: string[];
  /** For build, test and migration steps. Default 10 minutes each. */
  timeoutMs?: number;
  /** Services of one group move together: each step of the rollout waits for all, and one that fails takes all back. */
  lockstep?: string;
}

/** A project, validated, with one environment's overrides applied. Plain data. */
export interface Project {
  name: string;
  /** Absolute. */
  directory: string;
  /** Absolute path of the config file. */
  file: string;
  environment: Environment;
  resources: ResourceDeclaration[];
  services: ServiceDeclaration[];
  moved: { from: Address; to: Address }[];
  /** Tag names that never count as a change, for example `deployed-at`. */
  automaticTags: string[];
  /** Files that hold `NAME=value` secrets, absolute, first wins after the process environment. */
  secretFiles: string[];
}
