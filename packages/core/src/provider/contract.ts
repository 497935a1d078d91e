import type { ZodType } from 'zod';
import type { HealthCheck, ServiceSpec } from '../config/project.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { MetricSource } from './metric-contract.ts';
import type { Router } from './router-contract.ts';

export type * from './metric-contract.ts';
export type * from './router-contract.ts';

/**
 * What a provider gets with every call. Adapters are naive: retry, timeout, limits, logging,
 * redaction and journalling wrap them from the outside.
 */
export interface CallContext {
  /** Aborted on timeout and on cancel; the adapter stops and cleans up what it started. */
  signal: AbortSignal;
  /** The project's name: where several projects share hosts, what is one's own bears it. Absent: that of the directory. */
  project?: string;
  /** The project's directory, absolute. */
  directory: string;
  /** Where this project's state lives (`.slipway`), absolute. */
  stateDirectory: string;
  environment: string;
  /** The environment's platform options from the config (`use` and what the platform defines), secrets in clear. */
  platform: JsonObject;
  /** The environment's router with its options, secrets in clear; absent: the platform's own. */
  router?: JsonObject;
  /** The environment's metric sources (`use` and options) by the name that metrics call them by, secrets in clear. */
  metricSources?: Readonly<Record<string, JsonObject>>;
  /** The writer's epoch; a part that outlives the command refuses calls with an older one. */
  epoch: number;
  /** One line of progress for people and logs; redacted on its way. */
  log(line: string): void;
  /** Told of each provider call that ended: its name, how long it took in ms, and what it threw. */
  trace?(call: string, durationMs: number, error?: unknown): void;
}

/** What is true of a thing outside: `present` with what was read, or `absent`. A failure to look is thrown. */
export type Observed =
  | { kind: 'present'; id: string; properties?: JsonObject; outputs: JsonObject }
  | { kind: 'absent' };

/** `cannot-tell`: this type or declaration has no way to look; `look` tells a person where to. */
export type Found = Observed | { kind: 'cannot-tell'; look: string };

export interface PropertyDifference {
  /** Dotted path within the properties. */
  path: string;
  before: JsonValue;
  after: JsonValue;
  replaces: boolean;
}

export interface Applied {
  id: string;
  outputs: JsonObject;
}

/** What an adapter is told of a thing that it made earlier. */
export interface Recorded {
  /** The node's name, as its creation was told. */
  name: string;
  id: string;
  properties: JsonObject;
  outputs: JsonObject;
  /** The token of its creation. */
  token: string;
}

/** What something costs a month while it exists. */
export interface MonthlyCost {
  /** In units of the currency (12.5 is twelve and a half euros), finite and not negative. */
  amount: number;
  /** ISO 4217, for example `EUR`. */
  currency: string;
}

/** A kind of infrastructure: how to look at one, make, change and remove it. */
export interface ResourceType {
  /** `provider:kind`, for example `local:file`. */
  name: string;
  /** One sentence for the reference page. */
  description: string;
  /** Strict schema of the properties; its descriptions make the reference page. */
  schema: ZodType;
  /** Paths whose change can't be made in place, or a function of both. Default: none. */
  replaceOn?: readonly string[];
  /** Differences that matter, defaults and order of sets evened out. Default: plain comparison and `replaceOn`. */
  diff?(before: JsonObject, after: JsonObject): PropertyDifference[];
  /** Outputs that follow from the properties alone, so that plans can show them. May be partial. */
  predict?(properties: JsonObject): JsonObject;
  /** Looks at a recorded thing. `properties`, where given, are compared with the record for drift. */
  read(context: CallContext, recorded: Recorded): Promise<Found>;
  /** Looks for what a creation, update or deletion with this token did. Settles what is in doubt. */
  find(context: CallContext, query: FindQuery): Promise<Found>;
  /** Makes it. Called again with the same token only after `find` said `absent`. */
  create(context: CallContext, request: { token: string; name: string; properties: JsonObject }): Promise<Applied>;
  /** Changes it in place; only the properties at `changed` differ. Absent: every change replaces. */
  update?(context: CallContext, request: UpdateRequest): Promise<Applied>;
  /** Removes it. Safe to repeat: a thing that is gone already is a success. */
  delete(context: CallContext, recorded: Recorded): Promise<void>;
  /** Reads an existing thing by the id that a person gave, to bring it under management. */
  import?(context: CallContext, id: string, properties: JsonObject, name: string): Promise<Observed>;
  /** True: creation, update and deletion have no effect outside, so repeating one is harmless. */
  pure?: boolean;
  /** Why this action can't be taken back by a rollback, or undefined when it can. */
  irreversible?(action: 'create' | 'update' | 'delete', properties: JsonObject): string | undefined;
  /** Expected duration in ms, when history has none. Default 1,000. */
  estimate?(action: 'create' | 'update' | 'delete', properties: JsonObject): number;
  /**
   * What one costs a month, as far as its properties alone say; 0: nothing, in any currency; undefined: not known.
   * Pure and synchronous: nothing is looked up, equal properties give an equal answer, and it may be asked any number
   * of times. What only the run can know is still a reference (`${resource:net.size}`), and a secret always is: where
   * the cost hangs on one, it isn't known. Default: not known, which is also what an error counts as.
   */
  cost?(properties: JsonObject): MonthlyCost | 0 | undefined;
  /** Default 600,000. */
  timeoutMs?: number;
}

export interface FindQuery {
  action: 'create' | 'update' | 'delete';
  /** The token that the doubtful call had. */
  token: string;
  name: string;
  properties: JsonObject;
  /** The record from before the call; absent for a creation. */
  recorded?: Recorded;
  /** What the doubtful update was told of what differs ({@link UpdateRequest}); absent for other actions. */
  changed?: string[];
}

export interface UpdateRequest {
  token: string;
  name: string;
  recorded: Recorded;
  properties: JsonObject;
  /** Paths that differ, those of {@link ResourceType.diff}; all of them when an earlier update broke half-way. */
  changed: string[];
}

/** What a platform is asked to run. */
export interface RevisionRequest {
  service: string;
  revision: string;
  spec: ServiceSpec;
  /**
   * Numbers of the instances that are to run of this revision: exactly these, the others of it are stopped. They count
   * from 0, and belong to the revision: number 0 of two revisions run side by side. On hosts, number n is the nth host.
   */
  slots: readonly number[];
  /**
   * True: an instance that runs under a wanted number is left as it is, whatever values it was started with; only those
   * that are missing or don't run are started, with the values given here. Default: what runs with other values than
   * these is started anew with them.
   */
  leaveRunning?: boolean;
  /** The artifact's root, laid out like the project; the service's own folder is `directory/spec.path`. Read-only. */
  artifact: { digest: string; directory: string };
  /** Resolved, secrets in clear: for the process alone, never to be written down in clear. */
  env: Record<string, string>;
  /** The secrets that `env` holds, in clear: what a platform keeps out of the logs that it keeps. */
  secrets?: string[];
  /** What the platform keeps beside the revision, for {@link Platform.recover}; holds no secret. */
  record: JsonObject;
}

/** What a platform is to make available where revisions run, before any of them runs. */
export type PublishRequest = Pick<RevisionRequest, 'service' | 'revision' | 'spec' | 'artifact'>;

/** Where one instance of a revision answers, as the router reaches it. */
export interface Endpoint {
  slot: number;
  host: string;
  port: number;
}

export interface StagedRevision {
  /** A URL that reaches this revision alone, with or without traffic. */
  preview: string;
}

export type ProbeResult = { kind: 'healthy' } | { kind: 'unhealthy'; reason: string };

export interface RunningRevision {
  service: string;
  revision: string;
  /** The worst of its instances; one that is being ended, or ended and is still to be removed, counts as `stopped`. */
  state: 'running' | 'starting' | 'restarting' | 'stopped';
  /** How many run. One that is being ended doesn't, though its process may answer still. */
  instances: number;
  /** The numbers of those that run, ascending. Absent: 0 alone, if it runs. */
  slots?: number[];
  preview: string;
  /** Restarts since it was staged. */
  restarts: number;
  startedAt: string | null;
  pid?: number;
  /** Share of the service's traffic that the platform's own router gives it now, in per cent. Absent: the router is asked. */
  weight?: number;
}

/** Who has the port that users are to reach a service on. `own`: the platform itself, for this environment. */
export type PortState =
  | { kind: 'free' }
  | { kind: 'own' }
  /** `holder`: for people, as far as it can be told: `node server.js (process 4711, in /home/ann/shop)`. */
  | { kind: 'taken'; holder?: string };

/** What a platform can do, as data; the planner refuses early what it can't. */
export interface PlatformCapabilities {
  strategies: readonly ('recreate' | 'blue-green' | 'rolling' | 'canary')[];
  staticSites: boolean;
  /** The replaced revision can be kept running. */
  instantSwitchBack: boolean;
  /** More than one instance of a revision. */
  instances: boolean;
  /** Services from a given image or a Dockerfile. */
  images: boolean;
  /** The process can be held to `limits` of CPU and memory. */
  limits: boolean;
  volumes: boolean;
}

/** Something that stands in the way of running a service, for people: what, and the way out with its place in the config. */
export interface Objection {
  what: string;
  hint: string;
}

/** Where revisions of services run. */
export interface Platform {
  name: string;
  capabilities: PlatformCapabilities;
  /** Strict schema of its options besides `use`; its descriptions make the reference page. Absent: they aren't checked. */
  schema?: ZodType;
  /**
   * How many instances a revision has in an environment with these options where the service doesn't say, and how many
   * it can have at most: on hosts, one on each. From the options alone, so pure. Default: 1, and any number.
   */
  instances?(options: JsonObject): { byDefault: number; most: number };
  /**
   * What stands in the way of a service in an environment with these options, beyond {@link capabilities}: a plan that
   * would bring it out is refused. Pure: it asks nobody, and knows the files of the release by name alone (relative to
   * the project, with `/`; absent where the release is not made of this source). Default: nothing.
   */
  objections?(
    service: { name: string; spec: ServiceSpec },
    where: { environment: string; options: JsonObject; files?: ReadonlySet<string> },
  ): Objection[];
  /**
   * Makes a release available where its revisions will run: builds and pushes its image, uploads it to the hosts. Safe
   * to repeat: what is there is left, and a revision that exists runs what it was published as, whatever a name in its
   * spec means by now. Absent: there is nothing to do before `stage`.
   */
  publish?(context: CallContext, request: PublishRequest): Promise<void>;
  /**
   * Makes exactly the wanted instances of the revision run, beside other revisions and without traffic. Safe to repeat:
   * ensures, never doubles; instances that run as wanted are left as they are. Also how a revision is scaled: then those
   * that stay are left whatever they were started with ({@link RevisionRequest.leaveRunning}).
   *
   * The process that asked for an instance's end may be gone before that end is there: killed, or called off by
   * a person who goes back. So it is written down where the instance runs that it is being ended, before it is told to end,
   * and whoever comes next sees it. Such an instance never counts as one that runs: staging waits until it is gone and
   * starts it anew.
   */
  stage(context: CallContext, request: RevisionRequest): Promise<StagedRevision>;
  /**
   * One probe, bounded by the check's timeout from when the place that it runs at is reached; that this can't be reached
   * may take as long as connecting does. Failure to be healthy is a result, not an error. A health command runs
   * where and with what the revision itself runs; `url` is what it is told instead of the revision's own address. With
   * several instances it is healthy when each of them is; `slots` narrows it to these. One that is being ended is not.
   */
  probe(
    context: CallContext,
    target: { service: string; revision: string; health: HealthCheck; url?: string; slots?: readonly number[] },
  ): Promise<ProbeResult>;
  /** Where the instances that exist of these revisions answer, by revision, by number ascending. */
  endpoints(
    context: CallContext,
    query: { service: string; revisions: readonly string[] },
  ): Promise<Record<string, Endpoint[]>>;
  /**
   * Called once a revision has all the traffic, after the switch that gave it: shows so where the platform keeps a
   * sign of it (the link `current` on hosts). Moves no traffic. Safe to repeat. Absent: there is no such sign.
   */
  activated?(context: CallContext, target: { service: string; revision: string }): Promise<void>;
  /**
   * Stops and removes it, gracefully within its stop grace. Safe to repeat, also while it is being ended already: as long
   * as anything of it is left it is listed, so that what was broken off is found and done again.
   */
  retire(context: CallContext, target: { service: string; revision: string }): Promise<void>;
  /** Everything of this environment that exists on the platform, recorded or not. */
  list(context: CallContext): Promise<RunningRevision[]>;
  /** The newest `lines` lines of all the service's revisions, then, with `follow`, new ones until aborted. */
  logs(context: CallContext, query: { service: string; lines: number; follow: boolean }): AsyncIterable<LogLine>;
  /** Outputs (`url`, `port`) of a service that follow from its declaration alone. May be partial. */
  predict?(service: string, spec: ServiceSpec): JsonObject;
  /**
   * What one revision of a service costs a month while it runs, with or without traffic. As
   * {@link ResourceType.cost}, from the service's declaration alone. Default: not known.
   */
  cost?(spec: ServiceSpec): MonthlyCost | 0 | undefined;
  /**
   * Looks whether somebody else has the port that a service is to have, so that a deployment is refused before it
   * begins. Takes nothing, starts nothing, and leaves whoever listens there as it is.
   */
  checkPort?(context: CallContext, want: { service: string; port: number }): Promise<PortState>;
  /** Variables that commands run for the service (migrations, tests) get, for example where its data lies. */
  commandEnvironment?(context: CallContext, service: string): Record<string, string>;
  /**
   * What `stage` was told to keep (`record`) of the revisions that exist of a service, with their instances: a lost
   * record is made again of it. Absent: this platform keeps nothing.
   */
  recover?(context: CallContext, service: string): Promise<{ record: JsonObject; slots: number[] }[]>;
  /** Its own router. Absent: the environment must name one. */
  router?: Router;
}

export interface LogLine {
  at: string;
  revision: string;
  /** Of which instance, where the platform runs several. */
  slot?: number;
  stream: 'stdout' | 'stderr' | 'slipway';
  text: string;
}

export type ErrorClass = 'transient' | 'permanent';

/** An npm package's contribution. Adding one touches its own package and one registry line. */
export interface Provider {
  name: string;
  resourceTypes: readonly ResourceType[];
  platforms: readonly Platform[];
  /** Routers that stand before platforms of other providers. */
  routers?: readonly Router[];
  metricSources?: readonly MetricSource[];
  /** Says whether an error that this provider threw may pass by itself. Default: `retryable` of a SlipwayError. */
  classify?(error: unknown): ErrorClass;
}
