import { join } from 'node:path';
import type { CallContext, Endpoint, JsonObject, Router } from '@slipway/core/provider';
import type { TestPlace } from '../call-context.ts';
import { freePort } from '../free-port.ts';
import { writeSample } from '../sample/artifact.ts';
import type { RevisionOptions } from '../sample/revision.ts';
import { SampleProcess } from '../sample/sample-process.ts';
import type { RoutingStand } from './stand.ts';

/** A router, and how calls to it are made. */
export interface RouterUnderTest {
  router: Router;
  /** The environment's options; `router` is absent for a platform's own. */
  options: { platform: JsonObject; router?: JsonObject };
}

/** Revisions are processes of this machine: what stands behind the router is none of its business. */
export class ProcessStand implements RoutingStand {
  readonly router: Router;
  readonly service: string;
  readonly port: number;
  readonly #place: TestPlace;
  readonly #options: RouterUnderTest['options'];
  readonly #processes = new Map<string, SampleProcess[]>();

  private constructor(under: RouterUnderTest, place: TestPlace, service: string, port: number) {
    this.router = under.router;
    this.#options = under.options;
    this.#place = place;
    this.service = service;
    this.port = port;
  }

  static async open(under: RouterUnderTest, place: TestPlace, service: string): Promise<ProcessStand> {
    return new ProcessStand(under, place, service, await freePort());
  }

  context(change: Partial<CallContext> = {}): CallContext {
    return { ...this.#place.context, signal: AbortSignal.timeout(100_000), ...this.#options, ...change };
  }

  async serve(revision: string, { slots = [0], env = {} }: RevisionOptions = {}): Promise<void> {
    const { directory } = await writeSample(join(this.#place.context.directory, 'sample'));
    const started = slots.map((slot) => SampleProcess.start(directory, slot, { REVISION: revision, ...env }));
    this.#processes.set(revision, await Promise.all(started));
  }

  async endpoints(revision: string): Promise<Endpoint[]> {
    return (this.#processes.get(revision) ?? []).map(({ endpoint }) => endpoint);
  }

  async retire(revision: string): Promise<void> {
    await Promise.all((this.#processes.get(revision) ?? []).map((one) => one.stop()));
    this.#processes.delete(revision);
  }

  async close(): Promise<void> {
    await this.router.remove(this.context(), this.service);
    await Promise.all([...this.#processes.values()].flat().map((one) => one.stop('SIGKILL')));
  }
}
