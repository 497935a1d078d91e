import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { equalJson, isAlive, SlipwayError } from '@slipway/core/provider';
import type { Backend, ServiceRouter } from '../router/index.ts';
import type { AgentStore, ProcessExit, RevisionRow } from './agent-store.ts';
import { findFreePort, isPortFree } from './free-port.ts';
import { launchProcess } from './launch-process.ts';
import { dataDirectory, type RevisionName, workingCopy } from './locations.ts';
import { logFile, noteInLog } from './log-files.ts';
import type { LogKeeper } from './log-keeper.ts';
import { endFamily, type Leader } from './process-family.ts';
import type { RevisionStatus } from './protocol.ts';
import type { EnvSeal, ProcessEnv } from './sealed-env.ts';
import { SupervisedProcess } from './supervised-process.ts';
import { makeWorkingCopy, removeWorkingCopy } from './working-copy.ts';

export const HOST = '127.0.0.1';

/** What a hosted revision needs of the agent around it. */
export interface Surroundings {
  state: string;
  store: AgentStore;
  seal: EnvSeal;
  router: ServiceRouter;
  logs: LogKeeper;
  /** Every port that is spoken for. */
  takenPorts(): ReadonlySet<number>;
  /** A revision's address is another, or is there now. */
  backendChanged(environment: string, service: string): Promise<void>;
  /** Nothing is to reach this revision any more. */
  backendGone(name: RevisionName): Promise<void>;
  log(line: string): void;
}

/** One revision on this machine: its working copy, and its process or, for a static site, its preview. */
export class HostedRevision {
  readonly #around: Surroundings;
  #row: RevisionRow;
  #process: SupervisedProcess | undefined;
  #problem: string | null = null;

  constructor(around: Surroundings, row: RevisionRow) {
    this.#around = around;
    this.#row = row;
  }

  get row(): Readonly<RevisionRow> {
    return this.#row;
  }

  /** Where the router sends its requests; undefined while it can take none. */
  get backend(): Backend | undefined {
    if (this.#row.desired === 'removed') return undefined;
    if (this.#row.spec.static !== undefined) {
      return this.#isServed() ? { kind: 'static', directory: this.#siteDirectory() } : undefined;
    }
    return this.#row.port === null ? undefined : { kind: 'http', host: HOST, port: this.#row.port };
  }

  /** False also when what is stored can't be opened any more. */
  hasEnv(env: ProcessEnv): boolean {
    try {
      return equalJson(this.#env(), env);
    } catch (error) {
      this.#around.log(`${describeName(this.#row)}: ${(error as Error).message}`);
      return false;
    }
  }

  /** Records a change durably. */
  save(change: Partial<RevisionRow>): void {
    const row = { ...this.#row, ...change };
    this.#around.store.saveRevision(row);
    this.#row = row;
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
      const directory = workingCopy(this.#around.state, this.#row);
      await makeWorkingCopy(this.#row.spec.artifact.directory, directory);
      await mkdir(dataDirectory(this.#around.state, this.#row), { recursive: true, mode: 0o700 });
      if (this.#row.spec.static !== undefined) await this.#serveSite();
      else await this.#startProcess();
      this.#problem = null;
    } catch (error) {
      this.#problem = (error as Error).message;
      throw error;
    }
  }

  /** Ends its process; everything else stays. Safe to repeat. */
  async stop(): Promise<void> {
    await this.#around.router.removeRoute(previewKey(this.#row));
    if (this.#process) await this.#process.stop();
    else if (this.#row.process) await endFamily(this.#row.process, this.#row.spec.stopGraceMs);
    for (const file of this.#logFiles()) this.#around.logs.release(file);
    this.#process = undefined;
    this.save({ process: null, startedAt: null });
  }

  /** Stops it and removes what it left, except its logs and the service's data. */
  async remove(): Promise<void> {
    await this.stop();
    await removeWorkingCopy(workingCopy(this.#around.state, this.#row));
    this.#around.store.removeRevision(this.#row);
    noteInLog(this.#around.state, this.#row, 'removed');
  }

  status(): RevisionStatus {
    const { environment, service, revision, port, restarts, startedAt, lastExit } = this.#row;
    const resting = this.#problem === null && this.#row.desired === 'running' ? 'starting' : 'stopped';
    const state = this.#process?.state ?? (this.#isServed() ? 'running' : resting);
    const pid = this.#process?.pid;
    return {
      environment,
      service,
      revision,
      state,
      instances: state === 'running' ? 1 : 0,
      preview: port === null ? '' : `http://${HOST}:${port}`,
      restarts,
      startedAt,
      directory: this.#directory(),
      lastExit,
      problem: this.#problem,
      ...(pid === undefined ? {} : { pid }),
    };
  }

  /** All that its process is given where it listens now, secrets in clear. */
  environment(): ProcessEnv {
    const { env, secrets } = this.#env();
    const { port, spec } = this.#row;
    return { env: { ...spec.base, HOST, ...env, ...this.#identity(port ?? 0) }, secrets };
  }

  /** What the service gives it, secrets in clear. */
  #env(): ProcessEnv {
    return this.#around.seal.open(this.#row.env, describeName(this.#row));
  }

  #siteDirectory(): string {
    return join(this.#directory(), this.#row.spec.static as string);
  }

  /** The service's own folder in its working copy. */
  #directory(): string {
    return join(workingCopy(this.#around.state, this.#row), this.#row.spec.path);
  }

  /** True for a static site whose preview listens. */
  #isServed(): boolean {
    return Object.keys(this.#around.router.weights(previewKey(this.#row))).length > 0;
  }

  async #serveSite(): Promise<void> {
    const directory = this.#siteDirectory();
    if (!existsSync(directory)) {
      throw new SlipwayError('static-missing', `The artifact has no folder ${this.#row.spec.static}.`, {
        subject: `service:${this.#row.service}`,
        hint: 'Check that the build writes the folder that `static` names.',
      });
    }
    const route = {
      key: previewKey(this.#row),
      backends: { [this.#row.revision]: { kind: 'static', directory } },
    } as const;
    const weights = { [this.#row.revision]: 100 };
    const { router } = this.#around;
    const { port } = await router.setRoute({ ...route, port: this.#row.port ?? 0, weights }).catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'port-in-use') throw error;
      return router.setRoute({ ...route, port: 0, weights });
    });
    this.save({ port, startedAt: this.#row.startedAt ?? new Date().toISOString() });
  }

  async #startProcess(): Promise<void> {
    this.#process = this.#supervise();
    const { secrets } = this.#env();
    for (const file of this.#logFiles()) this.#around.logs.keep(file, secrets);
    const leader = this.#row.process;
    if (leader) {
      const found = isAlive(leader.pid, leader.start) ? 'taken back' : 'ended while no agent ran';
      noteInLog(this.#around.state, this.#row, `process ${leader.pid} ${found}`);
      await this.#process.resume(leader);
    } else await this.#process.start();
  }

  #supervise(): SupervisedProcess {
    return new SupervisedProcess({
      stopGraceMs: () => this.#row.spec.stopGraceMs,
      launch: () => this.#launch(),
      ended: (exit, restartInMs) => this.#ended(exit, restartInMs),
      log: (line) => this.#around.log(`${describeName(this.#row)}: ${line}`),
    });
  }

  async #launch() {
    const before = this.#row.port;
    const port = await this.#choosePort();
    if (port !== before) {
      this.save({ port });
      await this.#around.backendChanged(this.#row.environment, this.#row.service);
    }
    const { state } = this.#around;
    const launched = await launchProcess(
      {
        command: this.#row.spec.run as string,
        cwd: this.#directory(),
        env: this.environment().env,
        marker: randomUUID(),
        stdoutFile: logFile(state, this.#row, 'stdout'),
        stderrFile: logFile(state, this.#row, 'stderr'),
      },
      (leader: Leader) => {
        const restarts = this.#row.restarts + (this.#row.startedAt === null ? 0 : 1);
        this.save({ process: leader, startedAt: new Date().toISOString(), restarts });
      },
    );
    this.#problem = null;
    noteInLog(state, this.#row, `started as process ${launched.leader.pid} on port ${port}`);
    return launched;
  }

  #identity(port: number): Record<string, string> {
    return {
      PORT: String(port),
      SLIPWAY_ENVIRONMENT: this.#row.environment,
      SLIPWAY_SERVICE: this.#row.service,
      SLIPWAY_REVISION: this.#row.revision,
      SLIPWAY_DATA_DIR: dataDirectory(this.#around.state, this.#row),
    };
  }

  /** The one it had, so that its address stays, or another when someone took it meanwhile. */
  async #choosePort(): Promise<number> {
    const { port } = this.#row;
    if (port !== null && (await isPortFree(port))) return port;
    return await findFreePort(this.#around.takenPorts());
  }

  /** Only tells of the exit; the supervisor goes on even when that can't be written. */
  #ended(exit: ProcessExit, restartInMs: number): void {
    try {
      this.save({ lastExit: exit });
      const pause = `next start in ${(restartInMs / 1000).toFixed(1)} s`;
      noteInLog(this.#around.state, this.#row, `${describeExit(exit)}, ${pause}`);
    } catch (error) {
      this.#around.log(`${describeName(this.#row)}: its exit can't be recorded: ${(error as Error).message}`);
    }
  }

  #logFiles(): string[] {
    return (['stdout', 'stderr', 'slipway'] as const).map((stream) => logFile(this.#around.state, this.#row, stream));
  }
}

const previewKey = (name: RevisionName) => `preview of ${describeName(name)}`;

export const describeName = (name: RevisionName) => `${name.environment}/${name.service}/${name.revision}`;

/** For people: how a process ended. */
export function describeExit(exit: ProcessExit): string {
  if (exit.reason !== undefined) return exit.reason;
  if (exit.signal !== null) return `ended by ${exit.signal}`;
  return exit.code === null ? 'ended, how is not known' : `exited with code ${exit.code}`;
}
