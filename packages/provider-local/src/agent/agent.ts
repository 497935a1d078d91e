import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStart, SlipwayError } from '@slipway/core/provider';
import { ServiceRouter } from '../router/index.ts';
import type { AgentStore } from './agent-store.ts';
import { describeName, HOST } from './hosted-instance.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { agentLogFile, atRestFile, type RevisionName } from './locations.ts';
import { LogKeeper } from './log-keeper.ts';
import {
  AGENT_PROTOCOL,
  type AgentInfo,
  type OperationName,
  type PortHolder,
  type RequestOf,
  type ResponseOf,
  type RevisionStatus,
} from './protocol.ts';
import { RevisionHost } from './revision-host.ts';
import { RouteTable } from './route-table.ts';
import type { EnvSeal } from './sealed-env.ts';

/** How long an agent that comes back waits for its revisions before it answers; slow ones come in later. */
const RESTORE_MS = 2_000;

export interface AgentOptions {
  state: string;
  store: AgentStore;
  seal: EnvSeal;
  log(line: string): void;
}

export type Handlers = {
  readonly [K in OperationName]: (request: RequestOf<K>, signal: AbortSignal) => Promise<ResponseOf<K>>;
};

/**
 * Hosts the revisions and the router of one state directory, for as long as its process lives. What is
 * wanted is recorded before it is done; {@link restore} makes it true again after whatever ended the last agent.
 */
export class Agent {
  readonly #options: AgentOptions;
  /** See {@link AgentInfo}. */
  readonly start = processStart(process.pid) ?? '';
  readonly #startedAt = new Date().toISOString();
  readonly #router = new ServiceRouter();
  readonly #queue = new KeyedQueue();
  readonly #logs: LogKeeper;
  readonly #routes: RouteTable;
  readonly #host: RevisionHost;
  #stopping = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { state, store, seal, log } = options;
    this.#logs = new LogKeeper(log);
    this.#logs.keep(agentLogFile(state));
    this.#routes = new RouteTable({
      store,
      router: this.#router,
      backends: (environment, service) => this.#host.backends(environment, service),
      isOwn: (name, { slot, host, port }) => host === HOST && this.#host.answersOn(name, slot, port),
      log,
    });
    this.#host = new RevisionHost({
      state,
      store,
      seal,
      log,
      router: this.#router,
      logs: this.#logs,
      ports: new KeyedQueue(),
      takenPorts: () => new Set([...this.#host.ports(), ...this.#routes.ports()]),
      backendChanged: (environment, service) => this.#routes.refresh(environment, service),
      backendGone: (name, slot) => this.#routes.forget(name, slot),
    });
  }

  /** True when there is nothing to host. */
  get isIdle(): boolean {
    return this.#host.size === 0 && this.#routes.size === 0;
  }

  /** Takes back what the last agent left. Revisions that are slow to start or to end may still be at it when it resolves. */
  async restore(): Promise<void> {
    rmSync(atRestFile(this.#options.state), { force: true });
    const names = this.#host.load();
    const taken = names.map((name) =>
      this.#inTurn(name, () => this.#host.take(name)).catch((error: Error) =>
        this.#options.log(`${describeName(name)}: ${error.message}`),
      ),
    );
    await this.#routes.restore();
    const done = Promise.all(taken).then(() => this.#routes.restore());
    await Promise.race([done, sleep(RESTORE_MS, undefined, { ref: false })]);
  }

  /** Ends every service where nothing can be recorded any more: what can't be stopped or noted is only logged. */
  async abandon(): Promise<void> {
    this.#stopping = true;
    const stopped = this.#host.names().map((name) => this.#inTurn(name, () => this.#host.stop(name)));
    for (const result of await Promise.allSettled(stopped)) {
      if (result.status === 'rejected') this.#options.log(String(result.reason));
    }
    await this.#router.close();
  }

  /** Says on disk that nothing runs, so that looking needs no agent. */
  markAtRest(): void {
    writeFileSync(atRestFile(this.#options.state), '');
  }

  readonly handlers: Handlers = {
    hello: async () => this.#info(),
    stop: async () => {
      const info = this.#info();
      this.#options.log('stops every service');
      await this.#stopAll();
      return info;
    },
    'ensure-revision': async (request) => {
      checkNames(request.environment, request.service, request.revision);
      return await this.#change(request, request, async () => {
        const { spec, env, secrets, ...wanted } = request;
        const { preview } = await this.#host.ensure(request, { ...wanted, spec, env: { env, secrets } });
        return { preview };
      });
    },
    'remove-revision': async (request) =>
      await this.#change(request, request, async () => ({ kind: await this.#host.remove(request) })),
    records: async ({ environment, service }) => this.#host.records(environment, service),
    'environment-of': async (name) => this.#host.environmentOf(name),
    list: async ({ environment }) => this.#list(environment),
    'set-route': async (request) => {
      const { epoch: _epoch, ...wanted } = request;
      checkNames(wanted.environment, wanted.service);
      this.#admit(request);
      return await this.#routes.set(wanted);
    },
    'remove-route': async (request) => {
      this.#admit(request);
      return { kind: await this.#routes.remove(request.environment, request.service) };
    },
    weights: async ({ environment, service }) => this.#routes.weights(environment, service),
    'port-holder': async ({ port }) => this.#portHolder(port),
    traffic: async ({ environment, service }) => this.#routes.traffic(environment, service),
    drain: async (request, signal) => await this.#routes.drain(request, signal),
  };

  close(): void {
    this.#logs.close();
    this.#routes.close();
    this.#options.store.close();
  }

  async #stopAll(): Promise<void> {
    this.#stopping = true;
    const names = this.#host.names();
    const ended = await Promise.allSettled(names.map((name) => this.#inTurn(name, () => this.#host.stop(name))));
    const failed = ended.find((result) => result.status === 'rejected');
    if (failed) {
      this.#stopping = false;
      throw failed.reason;
    }
    await this.#router.close();
    this.markAtRest();
  }

  #list(environment: string): RevisionStatus[] {
    return this.#host.list(environment).map((status) => {
      const weights = this.#routes.weights(environment, status.service);
      return { ...status, weight: weights[status.revision] ?? 0 };
    });
  }

  #portHolder(port: number): PortHolder {
    const route = this.#routes.on(port);
    if (route) return { kind: 'route', ...route };
    const revision = this.#host.on(port);
    return revision ? { kind: 'revision', ...revision } : { kind: 'other' };
  }

  #info(): AgentInfo {
    const { size: revisions } = this.#host;
    return {
      protocol: AGENT_PROTOCOL,
      pid: process.pid,
      start: this.start,
      startedAt: this.#startedAt,
      revisions,
      routes: this.#routes.size,
    };
  }

  /** In turn, and only for the newest writer: asked again at its turn, because a newer one may have come. */
  async #change<T>(
    writer: { environment: string; epoch: number },
    name: RevisionName,
    change: () => Promise<T>,
  ): Promise<T> {
    this.#admit(writer);
    return await this.#inTurn(name, async () => {
      this.#admit(writer);
      return await change();
    });
  }

  #admit({ environment, epoch }: { environment: string; epoch: number }): void {
    if (this.#stopping) {
      throw new SlipwayError('agent-stopping', 'The agent is stopping.', { hint: 'Repeat it.', retryable: true });
    }
    const newest = this.#options.store.epoch(environment);
    if (epoch < newest) {
      throw new SlipwayError('fenced', `Another run took over ${environment} (epoch ${newest}, this is ${epoch}).`, {
        subject: environment,
        hint: 'See what it did with `slipway history`, then plan again.',
      });
    }
    if (epoch > newest) this.#options.store.saveEpoch(environment, epoch);
  }

  #inTurn<T>(name: RevisionName, work: () => Promise<T>): Promise<T> {
    return this.#queue.run(describeName(name), work);
  }
}

/** They become names of folders. */
function checkNames(...names: string[]): void {
  for (const name of names) {
    if (/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(name)) continue;
    throw new SlipwayError('name-invalid', `${JSON.stringify(name)} can't be the name of a folder.`, {
      hint: 'Use letters, digits, dots, dashes and underscores.',
    });
  }
}
