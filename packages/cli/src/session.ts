import { resolve } from 'node:path';
import type { SlipwayApi, SlipwayOptions, ValidationReport } from '@slipway/core';
import { flagsTo } from './output/copyable.ts';
import { Output } from './output/output.ts';
import type { GlobalOptions } from './program.ts';

/** What a command works with: the global flags, where its output goes, and the engine, opened on first use. */
export class Session {
  readonly options: GlobalOptions;
  readonly output: Output;
  /** The folder of the config, absolute. */
  readonly directory: string;
  #api: Promise<SlipwayApi> | undefined;

  constructor(options: GlobalOptions) {
    this.options = options;
    this.output = new Output(options);
    this.directory = resolve(options.directory ?? '.');
  }

  /** Where the local state of this project is kept. */
  get stateDirectory(): string {
    return resolve(this.directory, '.slipway');
  }

  /** The engine; the same one for every call, closed by {@link close}. */
  open(): Promise<SlipwayApi> {
    this.#api ??= this.#load();
    return this.#api;
  }

  /** Reads the config alone: leaves no state behind. */
  async validate(): Promise<ValidationReport> {
    const { Slipway } = await import('@slipway/core');
    return await Slipway.validate(await this.#engineOptions());
  }

  async #load(): Promise<SlipwayApi> {
    const { Slipway } = await import('@slipway/core');
    return await Slipway.open(await this.#engineOptions());
  }

  async #engineOptions(): Promise<SlipwayOptions> {
    const { defaultRegistry } = await import('./providers.ts');
    const { config, env } = this.options;
    return {
      directory: this.directory,
      registry: defaultRegistry(),
      ...(config === undefined ? {} : { config }),
      ...(env === undefined ? {} : { environment: env }),
    };
  }

  /** `slipway COMMAND`, with the flags that a person needs to reach the same project and environment again. */
  commandLine(command: string, environment = this.options.env): string {
    const { directory, config } = this.options;
    const place = {
      ...(directory === undefined ? {} : { directory }),
      ...(config === undefined ? {} : { config }),
      ...(environment === undefined ? {} : { env: environment }),
    };
    return ['slipway', command, ...flagsTo(place)].join(' ');
  }

  async close(): Promise<void> {
    const api = await this.#api?.catch(() => undefined);
    await api?.close();
  }
}
