import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { JournalEvent } from '@slipway/core';
import { freePort, writeSample } from '@slipway/provider-testkit';
import type { Ground } from './stand.ts';

const BIN = join(import.meta.dirname, '../../packages/cli/bin/slipway.js');
const ENVIRONMENT = 'busy';
const INSTANCES = 3;

const HEALTH = { http: '/healthz', interval: '200ms', timeout: '5s', healthyAfter: 2, deadline: '60s' };

export interface Outcome {
  code: number | null;
  /** What it said, for people. */
  said: string;
}

/** A project with one service of three instances, driven from outside by the real command. */
export class Site {
  /** Nobody else's, since engines are shared. */
  readonly name = `soak-${randomBytes(4).toString('hex')}`;
  readonly directory: string;
  readonly port: number;
  readonly #ground: Ground;

  private constructor(ground: Ground, directory: string, port: number) {
    this.#ground = ground;
    this.directory = directory;
    this.port = port;
  }

  static async make(ground: Ground): Promise<Site> {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-soak-')));
    mkdirSync(join(directory, '.slipway'));
    await writeSample(join(directory, 'web'));
    return new Site(ground, directory, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Writes the config of a release. JSON is YAML. */
  declare(version: string, strategy: object): void {
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
          env: { REVISION: version },
          health: HEALTH,
          strategy,
          stopGrace: '10s',
        },
      },
    };
    writeFileSync(join(this.directory, 'slipway.yaml'), JSON.stringify(config));
  }

  /** Runs the command to its end. `onEvent` is told what the journal gets meanwhile. Never rejects for an exit code. */
  async slipway(args: readonly string[], onEvent?: (event: JournalEvent) => void): Promise<Outcome> {
    const all = [BIN, ...args, '-e', ENVIRONMENT, '-C', this.directory, ...(onEvent ? ['--events'] : [])];
    const child = spawn(process.execPath, all, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', CI: '1' },
    });
    const said: string[] = [];
    createInterface(child.stdout).on('line', (line) => {
      if (onEvent) onEvent(JSON.parse(line) as JournalEvent);
      else said.push(line);
    });
    createInterface(child.stderr).on('line', (line) => said.push(line));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (ended) => resolve(ended));
    });
    return { code, said: said.join('\n') };
  }

  /** Takes everything down. Throws with what the command said when it didn't. */
  async remove(): Promise<void> {
    const { code, said } = await this.slipway(['destroy', '--yes']);
    await this.slipway(['agent', 'stop', '--yes']);
    this.#ground.forget?.(this.name);
    rmSync(this.directory, { recursive: true, force: true });
    if (code !== 0) throw new Error(`slipway destroy ended with ${code}: ${said}`);
  }
}
