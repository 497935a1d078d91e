import { existsSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadProject } from '../config/load-project.ts';
import type { Project } from '../config/project.ts';
import { keyedHash, SecretSource } from '../config/secrets.ts';
import { requireFolder } from '../config/source/require-folder.ts';
import { SlipwayError } from '../errors.ts';
import { readKey, readOrMakeKey, stateFileOf } from '../journal/key.ts';
import { createRedactor, type GrowingRedactor } from '../journal/redactor.ts';
import { openSqliteStore } from '../journal/sqlite/open-sqlite-store.ts';
import type { Store } from '../journal/store.ts';
import type { PlanRuntime } from '../plan/plan.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { ArtifactStore } from '../release/artifact-store.ts';
import type { SlipwayOptions } from '../slipway-api.ts';
import type { State } from '../state/record.ts';
import { namesIn } from './names-in.ts';

/** One project on this machine: its config, its recorded world and what belongs to both. Opened once a command. */
export class Workspace {
  readonly directory: string;
  readonly stateDirectory: string;
  readonly registry: ProviderRegistry;
  readonly store: Store;
  readonly artifacts: ArtifactStore;
  readonly redactor: GrowingRedactor = createRedactor([]);
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly #options: SlipwayOptions;
  /** Or why secrets can't be compared, and nothing be recorded. */
  readonly #key: Uint8Array | SlipwayError;
  readonly #secrets = new Map<string, Promise<SecretSource>>();
  #project: Promise<Project> | undefined;
  #settings: Promise<Project> | undefined;

  private constructor(options: SlipwayOptions, directory: string, key: Uint8Array | SlipwayError, store: Store) {
    this.#options = options;
    this.#key = key;
    this.directory = directory;
    this.stateDirectory = join(directory, '.slipway');
    this.registry = options.registry;
    this.store = store;
    this.artifacts = new ArtifactStore(this.stateDirectory);
    this.variables = options.variables ?? process.env;
  }

  /**
   * Opens the project in a folder, making its `.slipway` on first use; only where there is a config, so that
   * a mistyped folder stays as it is. Without its key it can be looked at: whatever needs the key throws.
   * Throws `config-missing`, `directory-missing` and the store's errors.
   */
  static async open(options: SlipwayOptions): Promise<Workspace> {
    const directory = resolve(options.directory ?? process.cwd());
    await requireFolder(directory);
    const stateDirectory = join(directory, '.slipway');
    // Looked for by its last part: a first use that broke off half-way is done again.
    const ignore = join(stateDirectory, '.gitignore');
    if (!(await stat(ignore).catch(() => undefined))?.size) {
      await load(options, directory);
      await makeStateDirectory(stateDirectory, ignore);
    }
    const file = stateFileOf(stateDirectory);
    await refuseLostState(file, stateDirectory);
    const key = await readKey(stateDirectory).catch(keyProblem);
    const store = await openSqliteStore({ file, key });
    const problem = await store.requireKey().catch(keyProblem);
    return new Workspace(options, directory, problem ?? key, store);
  }

  /** The config for the chosen environment. Loaded once. */
  project(): Promise<Project> {
    this.#project ??= load(this.#options, this.directory);
    return this.#project;
  }

  /** The same without resources, services and renames, whose faults are none here. Loaded once. */
  settings(): Promise<Project> {
    this.#settings ??= load(this.#options, this.directory, false);
    return this.#settings;
  }

  /** What the config says of another environment as a whole. Throws `environment-unknown`. */
  async settingsOf(environment: string): Promise<Project> {
    return await load({ ...this.#options, environment }, this.directory, false);
  }

  /**
   * The chosen environment: named, else the only one that the config has, else, where the config can't be read,
   * the only one that was ever deployed to. Throws `environment-required`, and what reading the config throws.
   */
  async environment(): Promise<string> {
    const recorded = await this.store.environments();
    const { environment: named } = this.#options;
    if (named !== undefined && recorded.includes(named)) return named;
    try {
      return (await this.settings()).environment.name;
    } catch (error) {
      if (named !== undefined || recorded.length === 0 || isChoice(error)) throw error;
      if (recorded.length === 1) return recorded[0]!;
      throw new SlipwayError(
        'environment-required',
        'The config can not be read, and several environments were deployed.',
        {
          hint: `Name one with -e: ${recorded.join(', ')}.`,
          cause: error,
        },
      );
    }
  }

  /** What is recorded, with every provider loaded that it names. */
  async stateWithProviders(environment: string): Promise<State> {
    const state = await this.store.state(environment);
    await this.registry.load(namesIn(state));
    return state;
  }

  /** Whether an environment was named. */
  get named(): string | undefined {
    return this.#options.environment;
  }

  /** Secrets as the plan's files and this process's environment give them. */
  secrets(runtime: Pick<PlanRuntime, 'secretFiles'>): Promise<SecretSource> {
    const id = runtime.secretFiles.join('\0');
    const known = this.#secrets.get(id);
    if (known) return known;
    const opening = SecretSource.open({ variables: this.variables, files: runtime.secretFiles });
    this.#secrets.set(id, opening);
    return opening;
  }

  /** The keyed hash of a secret's value; the value is redacted everywhere from now on. */
  hashSecret(source: SecretSource, name: string): string {
    if (this.#key instanceof SlipwayError) throw this.#key;
    return keyedHash(this.#key, this.clearSecret(source, name));
  }

  /** The secret in clear, for a provider call; redacted everywhere from now on. Throws `secret-missing`. */
  clearSecret(source: SecretSource, name: string): string {
    const value = source.resolve(name);
    this.redactor.add(name, value);
    return value;
  }

  /** The store, opened with the key that is there, else with a new one: to go on after the old one was lost. */
  async openWithNewKey(): Promise<Store> {
    const key = await readOrMakeKey(this.stateDirectory);
    return await openSqliteStore({ file: stateFileOf(this.stateDirectory), key });
  }

  async close(): Promise<void> {
    await this.store.close();
  }
}

/** What is wrong with the key doesn't keep anybody from looking. */
function keyProblem(error: unknown): SlipwayError {
  if (error instanceof SlipwayError && error.code.startsWith('key-')) return error;
  throw error;
}

/** The config can be read, and leaves the choice to the person. */
function isChoice(error: unknown): boolean {
  return error instanceof SlipwayError && error.code.startsWith('environment-');
}

async function makeStateDirectory(folder: string, ignore: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(ignore, '*\n');
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new SlipwayError('state-unwritable', `The folder for the state, ${folder}, can not be made (${code}).`, {
      subject: folder,
      hint:
        code === 'ENOSPC'
          ? 'Make room on the disk, then run the command again.'
          : 'It must be a folder that you may write to: what is deployed is recorded there.',
      cause,
    });
  }
}

/** An empty state beside the logs of deployments is one that was lost: going on would forget everything that runs. */
async function refuseLostState(file: string, stateDirectory: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found && found.size > 0) return;
  if (!existsSync(join(stateDirectory, 'logs', 'deployments'))) return;
  throw new SlipwayError(
    'state-missing',
    `The state ${file} is ${found ? 'empty' : 'gone'}, although deployments ran here.`,
    {
      subject: file,
      hint: 'Put back a copy of it. To begin anew instead, end what runs (slipway agent stop) and remove the folder .slipway.',
    },
  );
}

function load(options: SlipwayOptions, directory: string, withNodes = true): Promise<Project> {
  return loadProject({
    directory,
    withNodes,
    file: options.config,
    environment: options.environment,
    registry: options.registry,
    variables: options.variables ?? process.env,
  });
}
