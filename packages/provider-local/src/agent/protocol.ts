import type {
  Affinity,
  Endpoint,
  JsonObject,
  RevisionTraffic,
  RunningRevision,
  TrafficRoute,
} from '@slipway/core/provider';
import type { ProcessExit, RunSpec } from './agent-store.ts';
import type { RevisionName } from './locations.ts';

/** Grows with every change that an older agent or client would misunderstand. */
export const AGENT_PROTOCOL = 3;
/** Request header that says which protocol the client speaks. */
export const PROTOCOL_HEADER = 'slipway-agent-protocol';

/** Where an agent listens, as it is written into the address file. */
export interface AgentAddress {
  pid: number;
  /** Tells the agent from another process that has its pid by now. */
  start: string;
  socket: string;
}

export interface AgentInfo {
  protocol: number;
  pid: number;
  start: string;
  startedAt: string;
  revisions: number;
  routes: number;
}

/** An operation that changes something: refused with `fenced` when a newer epoch was seen. */
interface Fenced {
  environment: string;
  epoch: number;
}

export interface InstanceStatus {
  slot: number;
  state: RunningRevision['state'];
  /** Where it answers, or is to; null until it is first started. */
  port: number | null;
  pid?: number;
  restarts: number;
  startedAt: string | null;
  lastExit: ProcessExit | null;
  /** Why it isn't running, as far as that isn't an exit. */
  problem: string | null;
}

export interface RevisionStatus extends RunningRevision {
  environment: string;
  /** The service's own folder in the revision's working copy. */
  directory: string;
  /** All that are wanted, by number, ascending. */
  parts: InstanceStatus[];
}

interface ServiceName {
  environment: string;
  service: string;
}

export interface RouteWanted {
  port: number;
  weights: Record<string, number>;
  /** The agent's own instances or anybody's. */
  backends: Record<string, readonly Endpoint[]>;
  routes: readonly TrafficRoute[];
  affinity?: Affinity;
}

export type PortHolder =
  | ({ kind: 'route' } & ServiceName)
  | ({ kind: 'revision' } & RevisionName)
  /** It isn't this agent. */
  | { kind: 'other' };

/**
 * What an agent does on request: `POST /NAME` with the request as JSON. All are safe to repeat.
 * `hello` and `stop` keep their form in every protocol, so that any client can end any agent.
 */
export interface Operations {
  hello: { request: Record<string, never>; response: AgentInfo };
  /** Ends every process and then the agent; what is wanted stays recorded, for the next agent to start. */
  stop: { request: Record<string, never>; response: AgentInfo };
  'ensure-revision': {
    request: Fenced &
      RevisionName & {
        spec: RunSpec;
        env: Record<string, string>;
        secrets: string[];
        slots: readonly number[];
        /** What runs is left as it is, whatever values it was started with. */
        leaveRunning: boolean;
        record: JsonObject;
      };
    response: { preview: string };
  };
  'remove-revision': { request: Fenced & RevisionName; response: { kind: 'removed' | 'absent' } };
  /** What was kept beside a service's revisions, and their instances. */
  records: { request: ServiceName; response: { record: JsonObject; slots: number[] }[] };
  /** What an instance's process was given, secrets in clear, and which those are. */
  'environment-of': {
    request: RevisionName & { slot: number };
    response: { env: Record<string, string>; secrets: string[] };
  };
  list: { request: { environment: string }; response: RevisionStatus[] };
  'set-route': {
    request: Fenced & ServiceName & RouteWanted;
    response: { url: string };
  };
  'remove-route': { request: Fenced & ServiceName; response: { kind: 'removed' | 'absent' } };
  weights: { request: ServiceName; response: Record<string, number> };
  /** What of this agent's listens on a port of this machine. */
  'port-holder': { request: { port: number }; response: PortHolder };
  traffic: { request: ServiceName; response: Record<string, RevisionTraffic> };
  drain: {
    request: ServiceName & { revision: string; slots?: readonly number[]; drainMs: number };
    response: { kind: 'drained' } | { kind: 'timed-out'; open: number };
  };
}

export type OperationName = keyof Operations;
export type RequestOf<K extends OperationName> = Operations[K]['request'];
export type ResponseOf<K extends OperationName> = Operations[K]['response'];

/** An error on its way from the agent to the client. */
export interface WireError {
  code: string;
  message: string;
  subject?: string;
  hint?: string;
  retryable: boolean;
}
