import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@slipway/provider-testkit';
import { forgetImages } from '../forget-images.ts';
import { type Fault, SERVER } from './bad-release.ts';

const BIN = join(import.meta.dirname, '../../packages/cli/bin/slipway.js');

/** Where the service runs, and what stands before it. */
export const STANDS = {
  local: 'platform: local',
  docker: 'platform: docker, router: haproxy',
} as const;
export type Stand = keyof typeof STANDS;

const config = (name: string, stand: Stand, port: number) => `
name: ${name}
environments: { live: { ${STANDS[stand]}, onFailure: rollback } }
services:
  web:
    path: web
    run: exec node server.mjs
    port: ${port}
    instances: 2
    stopGrace: 5s
    env: { DIES_AFTER_MS: '60000' }
    health: { http: /healthz, interval: 200ms, deadline: 30s }
    strategy:
      canary:
        steps: [{ weight: 20, hold: 90s }]
        drain: 10s
        analysis:
          interval: 1s
          minimumSamples: 20
          metrics:
            - { name: error-rate, source: router, query: errorRate, failAbove: 0.05 }
            - { name: p95, source: router, query: latencyP95, compareWith: stable, maxIncrease: 2, consecutiveFailures: 3 }
            - { name: memory, source: http, query: '{{url}}/memory#megabytes', failAbove: 300 }
`;

export interface Outcome {
  code: number;
  /** What it printed for people. */
  said: string;
}

/** An event of the journal, as far as is looked at here. */
export interface Event {
  type: string;
  at: string;
  step: string | null;
  data: { note?: { measured?: { metric: string; verdict: string }; verdict?: { verdict: string } } };
}

/** One service with a canary rollout whose analysis watches errors, latency and memory, driven from outside by the real command. */
export class CanarySite {
  /** Nobody else's, since engines are shared. */
  readonly name = `canary-${randomBytes(4).toString('hex')}`;
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-canary-')));
  readonly url: string;
  readonly #stand: Stand;

  private constructor(stand: Stand, port: number) {
    this.#stand = stand;
    this.url = `http://127.0.0.1:${port}`;
    mkdirSync(join(this.directory, 'web'));
    writeFileSync(join(this.directory, 'web', 'server.mjs'), SERVER);
    writeFileSync(join(this.directory, 'web', 'Dockerfile'), 'FROM node:26-slim\nWORKDIR /app\nCOPY . .\n');
    writeFileSync(join(this.directory, 'slipway.yaml'), config(this.name, stand, port));
    this.release('none');
  }

  static async make(stand: Stand): Promise<CanarySite> {
    return new CanarySite(stand, await freePort());
  }

  /** What the next deployment brings out. */
  release(fault: Fault | 'none'): void {
    writeFileSync(join(this.directory, 'web', 'fault'), fault);
  }

  slipway(...args: string[]): Promise<Outcome & { printed: string }> {
    return new Promise((resolve) => {
      const all = [BIN, ...args, '-e', 'live', '-C', this.directory];
      execFile(process.execPath, all, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, said: stdout + stderr, printed: stdout });
      });
    });
  }

  /** Everything that the journal has of the newest deployment that wasn't a rollback. */
  async events(): Promise<Event[]> {
    const history = JSON.parse((await this.slipway('history', '--json')).printed) as {
      deployments: { id: string; kind: string }[];
    };
    const { id } = history.deployments.find((one) => one.kind === 'deploy')!;
    const { printed } = await this.slipway('events', id, '--events');
    return printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
  }

  async remove(): Promise<void> {
    await this.slipway('destroy', '--yes');
    await this.slipway('agent', 'stop');
    if (this.#stand === 'docker') forgetImages(this.name);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
