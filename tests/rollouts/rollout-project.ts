import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentReport, ServiceRecord, Slipway } from '@slipway/core';
import { stopAgent } from '@slipway/provider-local';
import { freePort, waitUntil, writeSample } from '@slipway/provider-testkit';
import { inSession } from '../in-session.ts';
import type { Ground, Pair } from './pairs.ts';
import { processesWith } from './processes-with.ts';

/** What one version of the service is to be, and how it gets there. */
export interface Release {
  version: string;
  strategy: object;
  /** Of the sample service: how it behaves. */
  env?: Record<string, string>;
}

/** No rollout here takes that long: one that does is stuck, and is ended so that the test says where. */
const STUCK_AFTER_MS = 60_000;

const HEALTH = { http: '/healthz', interval: '50ms', timeout: '5s', healthyAfter: 1, deadline: '30s' };

/** A project with one service of three instances, deployed through the programmatic interface. */
export class RolloutProject {
  /** Nobody else's, since engines and hosts are shared. */
  readonly name = `rollouts-${randomBytes(4).toString('hex')}`;
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-rollouts-')));
  readonly port: number;
  readonly #pair: Pair;
  readonly #ground: Ground;

  private constructor(pair: Pair, ground: Ground, port: number) {
    this.#pair = pair;
    this.#ground = ground;
    this.port = port;
    mkdirSync(join(this.directory, '.slipway'));
  }

  static async make(pair: Pair): Promise<RolloutProject> {
    const project = new RolloutProject(pair, await pair.prepare(), await freePort());
    await writeSample(join(project.directory, 'web'));
    return project;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Writes the config of a release. JSON is YAML. */
  declare({ version, strategy, env = {} }: Release): void {
    const { platform, router } = this.#ground;
    const what =
      this.#pair.runs === 'image' ? { dockerfile: 'Dockerfile', containerPort: 8080 } : { run: 'exec node server.mjs' };
    const config = {
      name: this.name,
      environments: { test: { platform, ...(router ? { router } : {}), onFailure: 'rollback' } },
      services: {
        web: {
          path: 'web',
          ...what,
          port: this.port,
          instances: 3,
          env: { REVISION: version, ...env },
          health: HEALTH,
          strategy,
          stopGrace: '5s',
        },
      },
    };
    writeFileSync(join(this.directory, 'slipway.yaml'), JSON.stringify(config));
  }

  /** Does something in a session of its own, as another terminal would. */
  async session<T>(work: (slipway: Slipway) => Promise<T>): Promise<T> {
    return await inSession(this.directory, work);
  }

  async deploy(release: Release): Promise<DeploymentReport> {
    this.declare(release);
    const signal = AbortSignal.timeout(STUCK_AFTER_MS);
    return await this.session((slipway) => slipway.deploy({ ship: release.version, signal }));
  }

  /** Waits, from another session, until the newest deployment waits for a person. */
  async untilItWaits(): Promise<void> {
    await waitUntil('the deployment waits for a person', async () => {
      const { status } = await this.session((slipway) => slipway.report());
      return status === 'waiting' || status;
    });
  }

  async record(): Promise<ServiceRecord> {
    const record = (await this.session((slipway) => slipway.state())).get('service:web');
    if (record?.kind !== 'service') throw new Error('Nothing is recorded of web.');
    return record;
  }

  /** Takes everything down, and returns what still runs nevertheless. */
  async remove(): Promise<string[]> {
    try {
      await this.session((slipway) => slipway.destroy());
      await stopAgent(join(this.directory, '.slipway'));
      return [...processesWith([this.directory, ...this.#ground.marks]), ...this.#ground.strays(this.name)];
    } finally {
      await this.#ground.dispose(this.name);
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}
