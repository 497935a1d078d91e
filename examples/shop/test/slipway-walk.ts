import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Shop } from '../../../tests/crash/shop/shop.ts';
import { freePort } from './shop-copy.ts';

const bin = join(import.meta.dirname, '../../../packages/cli/bin/slipway.js');
const SERVICES = ['backend', 'admin', 'marketing'] as const;
type Service = (typeof SERVICES)[number];

export interface Ended {
  code: number;
  said: string;
}

/** A copy of the shop with free ports in one environment, and what a person types in its folder. */
export class SlipwayWalk implements AsyncDisposable {
  readonly directory: string;
  readonly #environment: string;
  readonly #parent: string;
  readonly #started: ChildProcess[] = [];

  private constructor(environment: string, parent: string, directory: string) {
    this.#environment = environment;
    this.#parent = parent;
    this.directory = directory;
  }

  /** `edits` are made to the environment's file: what must differ beside other copies on this machine. */
  static async begin(environment: string, edits: readonly (readonly [string, string])[]): Promise<SlipwayWalk> {
    const parent = realpathSync(mkdtempSync(join(tmpdir(), `shop-${environment}-`)));
    const { directory } = await Shop.copy(join(parent, 'shop'), Math.random);
    const walk = new SlipwayWalk(environment, parent, directory);
    const file = join(directory, 'environments', `${environment}.ts`);
    let text = readFileSync(file, 'utf8');
    const ports = await Promise.all(SERVICES.map(freePort));
    text = text.replaceAll(/(?<=\bport: )\d+/g, () => String(ports.shift()));
    for (const [from, to] of edits) {
      if (!text.includes(from)) throw new Error(`${file} has no ${from} any more.`);
      text = text.replaceAll(from, () => to);
    }
    writeFileSync(file, text);
    return walk;
  }

  /** A slipway command on the environment, to its end. */
  slipway(...args: string[]): Promise<Ended> {
    return this.#run([bin, ...args, '-e', this.#environment]);
  }

  deploy(...args: string[]): Promise<Ended> {
    return this.slipway('deploy', '--yes', ...args);
  }

  /** `npm run walk ARGS`, to its end. Throws what it said when that is none of the walk's. */
  async walk(...args: string[]): Promise<Ended> {
    const ended = await this.#run(['walk/walk.ts', ...args]);
    if (ended.code !== 0) throw new Error(ended.said);
    return ended;
  }

  /** Users, until they are stopped. */
  startVisitors(service: Service): { stop(): Promise<string> } {
    const args = ['walk/walk.ts', 'visit', this.#environment, '600', service];
    const visitors = spawn(process.execPath, args, { cwd: this.directory, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#started.push(visitors);
    let said = '';
    for (const stream of [visitors.stdout, visitors.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    const ended = once(visitors, 'close');
    return {
      async stop() {
        visitors.kill('SIGINT');
        await ended;
        return said;
      },
    };
  }

  /** The revision that answers a user. */
  async revision(service: Service): Promise<string | null> {
    const response = await fetch(new URL('/products', await this.url(service)));
    await response.arrayBuffer();
    return response.headers.get('x-revision');
  }

  async url(service: Service): Promise<string> {
    const { stdout } = await this.#exec([bin, 'status', '--json', '-e', this.#environment]);
    const { services } = JSON.parse(stdout) as { services: { name: string; url: string }[] };
    const found = services.find(({ name }) => name === service);
    if (!found) throw new Error(`There is no ${service} on ${this.#environment}.`);
    return found.url;
  }

  /** Takes down what a failed test left, and removes the copy. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#started) process.kill('SIGKILL');
    await this.slipway('abort');
    await this.slipway('destroy', '--yes');
    rmSync(this.#parent, { recursive: true, force: true });
  }

  async #run(args: readonly string[]): Promise<Ended> {
    const { code, stdout, stderr } = await this.#exec(args);
    return { code, said: stdout + stderr };
  }

  #exec(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, args, { cwd: this.directory }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
      });
    });
  }
}
