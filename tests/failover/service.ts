import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, writeSample } from '@slipway/provider-testkit';
import type { Ground } from './ground.ts';

export const ENVIRONMENT = 'lab';
export const INSTANCES = 3;

const HEALTH = { http: '/healthz', interval: '100ms', timeout: '5s', healthyAfter: 1, deadline: '60s' };
const ANALYSIS = {
  metrics: [{ name: 'errors', query: 'errorRate', failAbove: 0.1 }],
  interval: '500ms',
  minimumSamples: 5,
  onInconclusive: 'fail',
};
const CANARY = {
  drain: '2s',
  keepOld: false,
  analysis: ANALYSIS,
  steps: [
    { weight: 20, hold: '1s' },
    { weight: 60, hold: '1s' },
  ],
};

/** A project with one service that is brought out as a canary, again and again. */
export class Service {
  readonly name = `failover-${randomBytes(4).toString('hex')}`;
  readonly directory: string;
  readonly port: number;
  readonly #ground: Ground;

  private constructor(directory: string, ground: Ground, port: number) {
    this.directory = directory;
    this.#ground = ground;
    this.port = port;
  }

  static async make(directory: string, ground: Ground): Promise<Service> {
    mkdirSync(join(directory, '.slipway'), { recursive: true });
    await writeSample(join(directory, 'web'));
    return new Service(directory, ground, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Writes the config of a version. JSON is YAML. A bad one fails a third of its requests. */
  declare(version: string, bad: boolean): void {
    const { platform, router, runs } = this.#ground;
    const what = runs === 'image' ? { dockerfile: 'Dockerfile', containerPort: 8080 } : { run: 'exec node server.mjs' };
    const config = {
      name: this.name,
      environments: { [ENVIRONMENT]: { platform, ...(router ? { router } : {}), onFailure: 'rollback' } },
      services: {
        web: {
          path: 'web',
          ...what,
          port: this.port,
          instances: INSTANCES,
          env: { REVISION: version, ...(bad ? { FAIL_PERCENT: '33' } : {}) },
          health: HEALTH,
          strategy: { canary: CANARY },
          stopGrace: '3s',
        },
      },
    };
    writeFileSync(join(this.directory, 'slipway.yaml'), JSON.stringify(config));
  }
}
