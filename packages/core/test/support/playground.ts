import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  type ClusterCall,
  type Fault,
  inMemoryProvider,
  type MemoryCall,
  MemoryCluster,
  type MemoryOptions,
  type MemoryPlatformOptions,
  MemoryWorld,
  memoryPlatform,
  memoryRouter,
} from '@slipway/provider-testkit';
import { onTestFinished } from 'vitest';
import type { Provider, ResourceType } from '../../src/provider/contract.ts';
import { coreProvider } from '../../src/provider/core-provider.ts';
import { ProviderRegistry } from '../../src/provider/registry.ts';
import { Slipway } from '../../src/slipway.ts';
import type { SlipwayEvent } from '../../src/slipway-api.ts';

const run = promisify(execFile);

export type OutsideCall = MemoryCall | ClusterCall;

export interface PlaygroundOptions {
  variables?: Record<string, string>;
  things?: Omit<MemoryOptions, 'fault'>;
  capabilities?: MemoryPlatformOptions['capabilities'];
  /** Further options of the platform and its router. */
  memory?: Omit<MemoryPlatformOptions, 'fault' | 'capabilities' | 'cost'>;
  /** Of a revision that runs. Default: nothing. */
  cost?: NonNullable<MemoryPlatformOptions['cost']>;
  /** Further resource types of the provider `memory`. */
  types?: readonly ResourceType[];
}

export type Config = Record<string, unknown>;

/** A project in a folder of its own and a world outside in memory; commands come and go, both stay. */
export class Playground {
  readonly directory: string;
  readonly world = new MemoryWorld();
  readonly cluster = new MemoryCluster();
  /** What the platform `other` runs. */
  readonly elsewhere = new MemoryCluster();
  readonly events: SlipwayEvent[] = [];
  variables: Record<string, string>;
  /** What goes wrong outside; may be changed between calls. */
  fault: Fault<OutsideCall> = () => undefined;
  readonly #options: PlaygroundOptions;
  readonly #open = new Set<Slipway>();

  constructor(directory: string, options: PlaygroundOptions) {
    this.directory = directory;
    this.variables = options.variables ?? {};
    this.#options = options;
  }

  async file(path: string, content: string): Promise<void> {
    const file = join(this.directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  /** JSON is YAML. `environments` defaults to one, `dev`, on the platform `memory`. */
  async config(config: Config): Promise<void> {
    const whole = { name: 'shop', environments: { dev: { platform: 'memory' } }, ...config };
    await this.file('slipway.yaml', JSON.stringify(whole));
  }

  /** A command's session: reads the config as it is now. */
  async open(environment?: string): Promise<Slipway> {
    const slipway = await Slipway.open({
      directory: this.directory,
      registry: this.registry(),
      variables: this.variables,
      ...(environment === undefined ? {} : { environment }),
    });
    slipway.on((event) => this.events.push(event));
    this.#open.add(slipway);
    return slipway;
  }

  /** Does one command in a session of its own. */
  async session<T>(work: (slipway: Slipway) => Promise<T>, environment?: string): Promise<T> {
    const slipway = await this.open(environment);
    try {
      return await work(slipway);
    } finally {
      this.#open.delete(slipway);
      await slipway.close();
    }
  }

  /** Writes this config, then deploys. */
  async deploy(config?: Config, options: Parameters<Slipway['deploy']>[0] = {}) {
    if (config) await this.config(config);
    return await this.session((slipway) => slipway.deploy(options));
  }

  async plan(config?: Config, options: Parameters<Slipway['plan']>[0] = {}) {
    if (config) await this.config(config);
    return await this.session((slipway) => slipway.plan(options));
  }

  async state() {
    return await this.session((slipway) => slipway.state());
  }

  async git(...args: string[]): Promise<string> {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
    return (await run('git', [...identity, ...args], { cwd: this.directory })).stdout;
  }

  /** Everything below `.slipway`, as bytes in one string. */
  async everythingWritten(): Promise<string> {
    const names = await readdir(join(this.directory, '.slipway'), { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');
  }

  /** Names of the calls that changed something outside, in order: `create a`, `stage shop`. */
  effects(): string[] {
    const looks = new Set(['read', 'find', 'list', 'recover', 'weights', 'traffic', 'probe', 'checkPort']);
    const seen = [
      ...this.world.calls.map(({ call, name }) => ({ call, name })),
      ...this.cluster.calls.map(({ call, service }) => ({ call, name: service })),
    ];
    return seen.filter(({ call }) => !looks.has(call)).map(({ call, name }) => `${call} ${name}`);
  }

  forgetCalls(): void {
    this.world.calls.length = 0;
    this.cluster.calls.length = 0;
  }

  registry(): ProviderRegistry {
    const fault: Fault<OutsideCall> = (call, when) => this.fault(call, when);
    const things = inMemoryProvider(this.world, { ...this.#options.things, fault });
    const { capabilities, cost, memory: more } = this.#options;
    const options = { ...more, fault, ...(capabilities ? { capabilities } : {}), ...(cost ? { cost } : {}) };
    const platformOf = (cluster: MemoryCluster) => memoryPlatform(cluster, options);
    const memory: Provider = {
      ...things,
      resourceTypes: [...things.resourceTypes, ...(this.#options.types ?? [])],
      platforms: [platformOf(this.cluster)],
      routers: [memoryRouter(this.cluster, options)],
    };
    const another = { ...platformOf(this.elsewhere), name: 'other' };
    const other: Provider = { name: 'other', resourceTypes: [], platforms: [another] };
    return new ProviderRegistry({
      core: async () => coreProvider,
      memory: async () => memory,
      other: async () => other,
    });
  }

  async close(): Promise<void> {
    for (const slipway of this.#open) await slipway.close();
    await this.cluster.close();
    await this.elsewhere.close();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A playground that is gone when the test ends. */
export async function playground(options: PlaygroundOptions = {}): Promise<Playground> {
  const play = await makePlayground(options);
  onTestFinished(() => play.close());
  return play;
}

/** One that the caller closes: for many in one test. */
export async function makePlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  return new Playground(await mkdtemp(join(tmpdir(), 'slipway-play-')), options);
}
