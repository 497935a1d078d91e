import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isAlive, SlipwayError } from '@slipway/core/provider';
import type { Backend, ServiceRouter } from '../router/index.ts';
import type { AgentStore, InstanceRow, ProcessExit, RevisionRow } from './agent-store.ts';
import { findFreePort, isPortFree } from './free-port.ts';
import type { KeyedQueue } from './keyed-queue.ts';
import { launchProcess } from './launch-process.ts';
import { dataDirectory, type RevisionName } from './locations.ts';
import { logFile, noteInLog } from './log-files.ts';
import type { LogKeeper } from './log-keeper.ts';
import { endFamily, type Leader } from './process-family.ts';
import type { InstanceStatus } from './protocol.ts';
import type { EnvSeal, ProcessEnv } from './sealed-env.ts';
import { SupervisedProcess } from './supervised-process.ts';

export const HOST = '127.0.0.1';

/** What a hosted revision needs of the agent around it. */
export interface Surroundings {
  state: string;
  store: AgentStore;
  seal: EnvSeal;
  router: ServiceRouter;
  logs: LogKeeper;
  /** Instances choose their ports one after another, so that no two choose the same. */
  ports: KeyedQueue;
  /** Every port that is spoken for. */
  takenPorts(): ReadonlySet<number>;
  /** An instance's address is another, or is there now. */
  backendChanged(environment: string, service: string): Promise<void>;
  /** Nothing is to reach this revision, or this instance of it, any more. */
  backendGone(name: RevisionName, slot?: number): Promise<void>;
  log(line: string): void;
}

/** What an instance needs of the revision that it belongs to. */
export interface InstanceOwner {
  readonly row: Readonly<RevisionRow>;
  /** The service's own folder in the working copy. */
  readonly directory: string;
  /** For a static site: the folder that is served. */
  readonly siteDirectory: string | undefined;
  /** What the service gives this instance's process, secrets in clear. */
  givenEnv(slot: number): ProcessEnv;
  /** Records a change of an instance durably. */
  saveInstance(slot: number, change: Partial<InstanceRow>): void;
}

/** One instance of a revision on this machine: its process or, for a static site, its preview. */
export class HostedInstance {
  readonly slot: number;
  readonly #around: Surroundings;
  readonly #owner: InstanceOwner;
  #process: SupervisedProcess | undefined;
  #problem: string | null = null;

  constructor(around: Surroundings, owner: InstanceOwner, slot: number) {
    this.#around = around;
    this.#owner = owner;
    this.slot = slot;
  }

  get row(): Readonly<InstanceRow> {
    return this.#owner.row.instances.find(({ slot }) => slot === this.slot) as InstanceRow;
  }

  /** Where the router sends its requests; undefined while it can take none. */
  get backend(): Backend | undefined {
    const { slot } = this;
    const { desired, port } = this.row;
    if (desired === 'removed') return undefined;
    const { siteDirectory } = this.#owner;
    if (siteDirectory !== undefined) {
      return this.#isServed() ? { kind: 'static', slot, directory: siteDirectory } : undefined;
    }
    return port === null ? undefined : { kind: 'http', slot, host: HOST, port };
  }

  /**
   * Makes it run, taking back a process that an earlier agent left; one that waits after a crash starts again at
   * once. Safe to repeat.
   */
  async start(): Promise<void> {
    if (this.#process || this.#isServed()) {
      this.#process?.hasten();
      return;
    }
    try {
      if (this.#owner.siteDirectory !== undefined) await this.#serveSite(this.#owner.siteDirectory);
      else await this.#startProcess();
      this.#problem = null;
    } catch (error) {
      this.#problem = (error as Error).message;
      throw error;
    }
  }

  /** Ends its process; everything else stays. Safe to repeat. */
  async stop(): Promise<void> {
    await this.#around.router.removeRoute(this.#previewKey());
    const { process } = this.row;
    if (this.#process) await this.#process.stop();
    else if (process) await endFamily(process, this.#owner.row.spec.stopGraceMs);
    for (const file of this.#logFiles()) this.#around.logs.release(file);
    this.#process = undefined;
    this.#save({ process: null, startedAt: null });
  }

  /** False also between two crashes. */
  get isRunning(): boolean {
    return this.#process?.state === 'running' || this.#isServed();
  }

  /** What keeps it from running at all: its revision could not be prepared. */
  fail(problem: string): void {
    this.#problem = problem;
  }

  status(): InstanceStatus {
    const { slot, desired, port, restarts, startedAt, lastExit } = this.row;
    const resting = this.#problem === null && desired === 'running' ? 'starting' : 'stopped';
    const state = this.#process?.state ?? (this.#isServed() ? 'running' : resting);
    const pid = this.#process?.pid;
    return {
      slot,
      state,
      port,
      restarts,
      startedAt,
      lastExit,
      problem: this.#problem,
      ...(pid === undefined ? {} : { pid }),
    };
  }

  note(text: string): void {
    noteInLog(this.#around.state, this.#logName(), text);
  }

  /** All that its process is given where it listens now, secrets in clear. */
  environment(): ProcessEnv {
    const { env, secrets } = this.#owner.givenEnv(this.slot);
    const { base } = this.#owner.row.spec;
    return { env: { ...base, HOST, ...env, ...this.#identity(this.row.port ?? 0) }, secrets };
  }

  /** True for a static site whose preview listens. */
  #isServed(): boolean {
    return Object.keys(this.#around.router.weights(this.#previewKey())).length > 0;
  }

  async #serveSite(directory: string): Promise<void> {
    const { service, revision, spec } = this.#owner.row;
    if (!existsSync(directory)) {
      throw new SlipwayError('static-missing', `The artifact has no folder ${spec.static}.`, {
        subject: `service:${service}`,
        hint: 'Check that the build writes the folder that `static` names.',
      });
    }
    const { slot } = this;
    const route = {
      key: this.#previewKey(),
      backends: { [revision]: [{ kind: 'static', slot, directory }] },
      weights: { [revision]: 100 },
    } as const;
    const { router } = this.#around;
    const { port } = await router.setRoute({ ...route, port: this.row.port ?? 0 }).catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'port-in-use') throw error;
      return router.setRoute({ ...route, port: 0 });
    });
    this.#save({ port, startedAt: this.row.startedAt ?? new Date().toISOString() });
  }

  async #startProcess(): Promise<void> {
    this.#process = this.#supervise();
    const { secrets } = this.#owner.givenEnv(this.slot);
    for (const file of this.#logFiles()) this.#around.logs.keep(file, secrets);
    const leader = this.row.process;
    if (leader) {
      const found = isAlive(leader.pid, leader.start) ? 'taken back' : 'ended while no agent ran';
      this.note(`process ${leader.pid} ${found}`);
      await this.#process.resume(leader);
    } else await this.#process.start();
  }

  #supervise(): SupervisedProcess {
    return new SupervisedProcess({
      stopGraceMs: () => this.#owner.row.spec.stopGraceMs,
      launch: () => this.#launch(),
      ended: (exit, restartInMs) => this.#ended(exit, restartInMs),
      log: (line) => this.#around.log(`${this.#describe()}: ${line}`),
    });
  }

  async #launch() {
    const { state } = this.#around;
    const port = await this.#takePort();
    const launched = await launchProcess(
      {
        command: this.#owner.row.spec.run as string,
        cwd: this.#owner.directory,
        env: this.environment().env,
        marker: randomUUID(),
        stdoutFile: logFile(state, this.#logName(), 'stdout'),
        stderrFile: logFile(state, this.#logName(), 'stderr'),
      },
      (leader: Leader) => {
        const restarts = this.row.restarts + (this.row.startedAt === null ? 0 : 1);
        this.#save({ process: leader, startedAt: new Date().toISOString(), restarts });
      },
    );
    this.#problem = null;
    this.note(`started as process ${launched.leader.pid} on port ${port}`);
    return launched;
  }

  #identity(port: number): Record<string, string> {
    const { environment, service, revision } = this.#owner.row;
    return {
      PORT: String(port),
      SLIPWAY_ENVIRONMENT: environment,
      SLIPWAY_SERVICE: service,
      SLIPWAY_REVISION: revision,
      SLIPWAY_INSTANCE: String(this.slot),
      SLIPWAY_DATA_DIR: dataDirectory(this.#around.state, this.#owner.row),
    };
  }

  /** The one it had, so that its address stays, or another when someone took it meanwhile. */
  async #takePort(): Promise<number> {
    const changed = await this.#around.ports.run('', async () => {
      const { port } = this.row;
      if (port !== null && (await isPortFree(port))) return false;
      this.#save({ port: await findFreePort(this.#around.takenPorts()) });
      return true;
    });
    const { environment, service } = this.#owner.row;
    if (changed) await this.#around.backendChanged(environment, service);
    return this.row.port as number;
  }

  /** Only tells of the exit; the supervisor goes on even when that can't be written. */
  #ended(exit: ProcessExit, restartInMs: number): void {
    try {
      this.#save({ lastExit: exit });
      this.note(`${describeExit(exit)}, next start in ${(restartInMs / 1000).toFixed(1)} s`);
    } catch (error) {
      this.#around.log(`${this.#describe()}: its exit can't be recorded: ${(error as Error).message}`);
    }
  }

  #save(change: Partial<InstanceRow>): void {
    this.#owner.saveInstance(this.slot, change);
  }

  #logFiles(): string[] {
    const streams = ['stdout', 'stderr', 'slipway'] as const;
    return streams.map((stream) => logFile(this.#around.state, this.#logName(), stream));
  }

  #logName(): RevisionName & { slot: number } {
    return { ...this.#owner.row, slot: this.slot };
  }

  #previewKey(): string {
    return `preview of ${this.#describe()}`;
  }

  #describe(): string {
    return `${describeName(this.#owner.row)}#${this.slot}`;
  }
}

export const describeName = (name: RevisionName) => `${name.environment}/${name.service}/${name.revision}`;

/** For people: how a process ended. */
export function describeExit(exit: ProcessExit): string {
  if (exit.reason !== undefined) return exit.reason;
  if (exit.signal !== null) return `ended by ${exit.signal}`;
  return exit.code === null ? 'ended, how is not known' : `exited with code ${exit.code}`;
}
