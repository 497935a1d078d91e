import type { ZodType } from 'zod';
import type { Affinity, HealthCheck } from '../config/project.ts';
import type { JsonObject } from '../json.ts';
import type { CallContext, Endpoint, PortState } from './contract.ts';

/** What a router can do, as data. */
export interface RouterCapabilities {
  /** Traffic can be split by weight. */
  weights: boolean;
  /** Requests with a header go to a revision of their own. */
  headers: boolean;
  /** Requests with a cookie do. */
  cookies: boolean;
  /** A user stays with the instance that answered first. */
  affinity: boolean;
  /** A port of its own for a revision that has no traffic yet. */
  previewPort: boolean;
  webSockets: boolean;
  /** `traffic` has histograms, so that `latencyP50` and the like can be asked for. */
  latency: boolean;
}

/**
 * What a router counted of one revision since it knows it, as its users got it. Counts only grow, until the router
 * starts anew. A router that can't tell one thing or another says so in its README, and counts too little rather than
 * a request that hangs as a good one.
 */
export interface RevisionTraffic {
  /**
   * Requests that were answered, from where their answer begins, and those that ended without one because something
   * failed or their user gave up. One that still waits isn't counted yet, nor ever one whose user left early. A
   * WebSocket counts when it begins.
   */
  requests: number;
  /**
   * Of the requests those with an answer of 500 and up, the router's own included; those whose connection broke before
   * the answer, or within it where the router sees that; and those whose user left after half a second or more without
   * one. An attempt that failed and was repeated may count as a request that failed.
   */
  errors: number;
  /** Requests, answers and WebSockets that are open now. */
  open: number;
  /** Of the open ones those that have no answer yet. Absent where the router can't tell. */
  waiting?: number;
  /** In ms, as `histogram` has it; null while nothing was measured. */
  latency: { p50: number | null; p95: number | null; p99: number | null };
  /**
   * How many requests took at most `bounds[i]` ms (and more than the bound before) from their arrival to the beginning of
   * the answer; one count more than bounds, for those that took longer. Of a user who gave up it is at least the time
   * waited, where the router has one for requests without an answer; WebSockets have none. Absent where the router
   * measures none.
   */
  histogram?: { bounds: number[]; counts: number[] };
}

/** Requests that go to a revision whatever its weight: those with the header or cookie, or that come in on the port. */
export type TrafficRoute = { revision: string } & (
  | { header: string; value: string }
  | { cookie: string; value: string }
  | { port: number }
);

/** How a service's traffic is to be distributed from now on: all of it, what isn't named is taken away. */
export interface TrafficRequest {
  service: string;
  port: number;
  /** In per cent, by revision; sums to 100, or is empty: then nobody is let in. */
  weights: Record<string, number>;
  /** The instances of each revision with weight or route that take part. A revision's share is divided among them. */
  backends: Record<string, readonly Endpoint[]>;
  /** Tried first, in order. */
  routes: readonly TrafficRoute[];
  affinity?: Affinity;
  /** How the router may look whether an instance still answers. */
  health: HealthCheck;
}

/** What keeps a router from its work, and what to do about it; holds no secret. */
export interface RouterProblem {
  code: string;
  subject?: string | undefined;
  message: string;
  hint?: string | undefined;
}

/**
 * Distributes a service's traffic over its revisions. What it was told last holds until it is told otherwise, also
 * after it was restarted.
 */
export interface Router {
  name: string;
  capabilities: RouterCapabilities;
  /** As {@link Platform.schema}. */
  schema?: ZodType;
  /** What of its capabilities it doesn't have with these options. From the options alone, so pure. Default: nothing. */
  lacks?(options: JsonObject): readonly (keyof RouterCapabilities)[];
  /**
   * Distributes the service's traffic as wanted, at once and without losing a request: what is new answers before
   * what is old gets nothing new; requests in flight end where they began. Safe to repeat.
   */
  setWeights(context: CallContext, request: TrafficRequest): Promise<{ url: string }>;
  /** As the router has it now, looked up there; empty without a route. */
  weights(context: CallContext, service: string): Promise<Record<string, number>>;
  /** Waits until the revision (of it, these instances) has no open request or the time is over; says which. */
  drain(
    context: CallContext,
    request: { service: string; revision: string; slots?: readonly number[]; drainMs: number },
  ): Promise<{ kind: 'drained' } | { kind: 'timed-out'; open: number }>;
  traffic(context: CallContext, service: string): Promise<Record<string, RevisionTraffic>>;
  /** Takes the service's route away. Safe to repeat. */
  remove(context: CallContext, service: string): Promise<void>;
  /**
   * Looks whether it could distribute these services' traffic here and now: its program can be run, what it attaches
   * to lets it. Looks only. What it finds is told by `plan`, and refuses `deploy` before it begins. Absent: nothing
   * can be missing.
   */
  check?(context: CallContext, services: readonly string[]): Promise<RouterProblem[]>;
  /** As {@link Platform.checkPort}, where the router and not the platform has the service's port. */
  checkPort?(context: CallContext, want: { service: string; port: number }): Promise<PortState>;
}
