import { join } from 'node:path';
import type {
  CallContext,
  Endpoint,
  HealthCheck,
  JsonObject,
  Platform,
  ProbeResult,
  RevisionRequest,
  Router,
  RunningRevision,
  ServiceSpec,
} from '@slipway/core/provider';
import type { TestPlace } from '../call-context.ts';
import { freePort } from '../free-port.ts';
import type { RoutingStand } from '../router-conformance/stand.ts';
import { type Runs, sampleSpec, writeSample } from '../sample/artifact.ts';
import type { RevisionOptions } from '../sample/revision.ts';
import { waitUntil } from '../wait-until.ts';

/** A platform with the router before it, and how calls to them are made. */
export interface PlatformUnderTest {
  platform: Platform;
  /** The platform's own, or the one that the environment would name. */
  router: Router;
  /** The environment's options; `router` is absent for a platform's own. */
  options: { platform: JsonObject; router?: JsonObject };
  /** Whether a service is a command, or an image made of a Dockerfile (`FROM node:26-slim`). */
  runs: Runs;
  /** How many instances a revision can have here. */
  maxSlots: number;
  /** Ends what was started for the suite. What the suite itself staged is gone by then. */
  dispose(): Promise<void>;
}

/** What a revision is asked for with, besides what a platform is always told. */
export interface StageOptions extends RevisionOptions {
  secrets?: string[];
  spec?: Partial<ServiceSpec>;
  leaveRunning?: boolean;
  signal?: AbortSignal;
}

/** One service on a platform, with all its revisions. */
export class PlatformStand implements RoutingStand {
  readonly platform: Platform;
  readonly router: Router;
  readonly service: string;
  readonly port: number;
  readonly #under: PlatformUnderTest;
  readonly #place: TestPlace;
  readonly #requested = new Set<string>();

  private constructor(under: PlatformUnderTest, place: TestPlace, service: string, port: number) {
    this.platform = under.platform;
    this.router = under.router;
    this.#under = under;
    this.#place = place;
    this.service = service;
    this.port = port;
  }

  static async open(under: PlatformUnderTest, place: TestPlace, service: string): Promise<PlatformStand> {
    return new PlatformStand(under, place, service, await freePort());
  }

  get maxSlots(): number {
    return this.#under.maxSlots;
  }

  get health(): HealthCheck {
    return this.#spec().health;
  }

  context(change: Partial<CallContext> = {}): CallContext {
    return { ...this.#place.context, signal: AbortSignal.timeout(100_000), ...this.#under.options, ...change };
  }

  async request(revision: string, options: StageOptions = {}): Promise<RevisionRequest> {
    const { slots = [0], env = {}, secrets, spec, leaveRunning } = options;
    const artifact = await writeSample(join(this.#place.context.directory, 'artifacts', 'sample'));
    return {
      service: this.service,
      revision,
      spec: this.#spec(spec),
      slots,
      artifact,
      env: { REVISION: revision, ...env },
      ...(secrets ? { secrets } : {}),
      ...(leaveRunning === undefined ? {} : { leaveRunning }),
      record: { id: revision, note: `kept beside ${revision}` },
    };
  }

  /** Publishes and stages; whether it answers is another question. */
  async stage(revision: string, options: StageOptions = {}): Promise<string> {
    const request = await this.request(revision, options);
    const context = this.context(options.signal ? { signal: options.signal } : {});
    this.#requested.add(revision);
    await this.platform.publish?.(context, request);
    return (await this.platform.stage(context, request)).preview;
  }

  async serve(revision: string, options: StageOptions = {}): Promise<void> {
    await this.stage(revision, options);
    await this.untilHealthy(revision, options.slots);
  }

  async probe(revision: string, slots?: readonly number[], health = this.health): Promise<ProbeResult> {
    const { service } = this;
    return await this.platform.probe(this.context(), { service, revision, health, ...(slots ? { slots } : {}) });
  }

  async untilHealthy(revision: string, slots?: readonly number[]): Promise<void> {
    await waitUntil(`${revision} is healthy`, async () => {
      const result = await this.probe(revision, slots);
      return result.kind === 'healthy' || result.reason;
    });
  }

  async endpoints(revision: string): Promise<Endpoint[]> {
    const { service } = this;
    return (await this.platform.endpoints(this.context(), { service, revisions: [revision] }))[revision] ?? [];
  }

  /** URLs of its instances, by number. */
  async urls(revision: string): Promise<Record<number, string>> {
    const endpoints = await this.endpoints(revision);
    return Object.fromEntries(endpoints.map(({ slot, host, port }) => [slot, `http://${host}:${port}`]));
  }

  /** What the platform lists of this service. */
  async list(): Promise<RunningRevision[]> {
    return (await this.platform.list(this.context())).filter(({ service }) => service === this.service);
  }

  async retire(revision: string): Promise<void> {
    await this.platform.retire(this.context(), { service: this.service, revision });
  }

  async close(): Promise<void> {
    await this.router.remove(this.context(), this.service);
    await Promise.all([...this.#requested].map((revision) => this.retire(revision)));
  }

  #spec(change: Partial<ServiceSpec> = {}): ServiceSpec {
    return sampleSpec(this.#under.runs, this.port, change);
  }
}
