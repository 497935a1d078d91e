import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallContext, HealthCheck, RevisionRequest, ServiceSpec, TrafficRequest } from '@slipway/core/provider';
import { processEnviron } from '@slipway/core/provider';
import { expect } from 'vitest';
import { agentStatus, stopAgent } from '../../src/agent/agent-control.ts';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { until } from '../until.ts';

/** Answers with what it is, on any path; `/env` with its environment; `/exit` ends it. */
export const SERVER = `
const { createServer } = require('node:http');
createServer((request, response) => {
  if (request.url === '/exit') process.exit(7);
  if (request.url === '/env') return response.end(JSON.stringify(process.env));
  response.end(process.env.SLIPWAY_REVISION + ' ' + process.pid);
}).listen(process.env.PORT, process.env.HOST, () => console.log('listening'));
`;

export const health: HealthCheck = {
  http: '/',
  intervalMs: 20,
  timeoutMs: 2_000,
  healthyAfter: 1,
  unhealthyAfter: 1,
  deadlineMs: 30_000,
};

/** A project's state directory of its own, with what a test needs to use the platform on it. */
export class Playground {
  readonly directory: string;
  readonly state: string;

  constructor(under = tmpdir()) {
    this.directory = realpathSync(mkdtempSync(join(under, 'slipway-local-')));
    this.state = join(this.directory, '.slipway');
    mkdirSync(this.state);
  }

  context(change: Partial<CallContext> = {}): CallContext {
    return {
      signal: AbortSignal.timeout(30_000),
      directory: this.directory,
      stateDirectory: this.state,
      environment: 'dev',
      platform: {},
      epoch: 1,
      log: () => {},
      ...change,
    };
  }

  /** Writes an artifact of these files and asks for a revision of it. */
  request(
    revision: string,
    change: Partial<ServiceSpec> & { slots?: readonly number[] } = {},
    files: Record<string, string> = {},
  ): RevisionRequest {
    const { slots = [0], ...specChange } = change;
    const directory = join(this.directory, 'artifacts', revision);
    for (const [name, content] of Object.entries({ 'server.js': SERVER, ...files })) {
      mkdirSync(join(directory, name, '..'), { recursive: true });
      writeFileSync(join(directory, name), content);
    }
    const spec: ServiceSpec = {
      path: '.',
      run: 'node server.js',
      port: 0,
      env: {},
      health,
      tests: {},
      strategy: { kind: 'recreate' },
      stopGraceMs: 3_000,
      ...specChange,
    };
    const artifact = { digest: revision, directory };
    return { service: 'web', revision, spec, slots, artifact, env: {}, record: { made: revision } };
  }

  /** Stages it and waits until it answers. */
  async serve(request: RevisionRequest): Promise<string> {
    const { preview } = await localPlatform.stage(this.context(), request);
    await this.untilHealthy(request.revision);
    return preview;
  }

  /** Sends the service's traffic to the instances that there are of the revisions that have some. */
  async route(
    port: number,
    weights: Record<string, number>,
    change: Partial<TrafficRequest> = {},
    context = this.context(),
  ): Promise<{ url: string }> {
    const revisions = [...Object.keys(weights), ...(change.routes ?? []).map(({ revision }) => revision)];
    const service = change.service ?? 'web';
    const backends = await localPlatform.endpoints(context, { service, revisions });
    const request = { service, port, weights, backends, routes: [], health, ...change };
    return await localPlatform.router.setWeights(context, request);
  }

  async untilHealthy(revision: string, service = 'web'): Promise<void> {
    await until(async () => {
      const result = await localPlatform.probe(this.context(), { service, revision, health });
      return result.kind === 'healthy' || result.reason;
    });
  }

  async agentPid(): Promise<number> {
    const status = await agentStatus(this.state);
    if (status.kind !== 'running') throw new Error(`The agent is ${status.kind}.`);
    return status.pid;
  }

  /** Pids of everything alive that was started for this state directory's services. */
  async processes(revision?: string): Promise<number[]> {
    const marks = [`SLIPWAY_DATA_DIR=${this.state}/`, ...(revision ? [`SLIPWAY_REVISION=${revision}\0`] : [])];
    const found = await Promise.all(
      pids().map(async (pid) => ({ pid, environ: await processEnviron(pid).catch(() => '') })),
    );
    return found.filter(({ environ }) => marks.every((mark) => environ.includes(mark))).map(({ pid }) => pid);
  }

  /** Pids of the agents of this state directory. */
  agents(): number[] {
    return this.#agentsAndWatchers().filter((pid) => !readQuietly(`/proc/${pid}/cmdline`).startsWith('/bin/sh'));
  }

  #agentsAndWatchers(): number[] {
    return pids().filter((pid) => readQuietly(`/proc/${pid}/cmdline`).includes(`--state\0${this.state}\0`));
  }

  async close(): Promise<void> {
    await stopAgent(this.state);
    const left = [...(await this.processes()), ...this.#agentsAndWatchers()];
    rmSync(this.directory, { recursive: true, force: true });
    expect(left).toEqual([]);
  }
}

/** A fresh connection each time. */
export async function get(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  return await response.text();
}

/** False once nothing of it is left, its last thread included: then its ports are free. */
export function isRunning(pid: number): boolean {
  const fields = readQuietly(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return fields.length > 1 && !(fields[0] === 'Z' && Number(fields[17]) <= 1);
}

const pids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
