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
  router?: string;
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

export type StrategyDeclaration =
  | { kind: 'recreate' }
  | { kind: 'blue-green'; drainMs: number; keepOld: boolean }
  | { kind: 'rolling'; options: JsonObject }
  | { kind: 'canary'; options: JsonObject };

/** What decides how a release is built and run; recorded with the revision, so plain JSON without functions. */
export interface ServiceSpec {
  /** Relative to the project's directory, POSIX separators. */
  path: string;
  build?: string;
  run?: string;
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
