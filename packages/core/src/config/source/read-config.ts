import { readFile } from 'node:fs/promises';
import { dirname, extname, relative, resolve } from 'node:path';
import type { JsonObject } from '../../json.ts';
import { nameOf } from '../explain.ts';
import { layOver } from '../merge.ts';
import { type Path, quote } from '../problem.ts';
import { exists, findConfig } from './find-config.ts';
import { importModule } from './module-source.ts';
import { type Source, TOP, unreadable } from './source.ts';

const LARGEST_FILE = 64 * 1024 * 1024;
const DEEPEST_EXTENDS = 50;

/** A project's config file with everything that it extends. */
export interface Config {
  /** Absolute. */
  directory: string;
  /** Absolute. */
  file: string;
  /** The config file first, then what it extends, the stronger before the weaker. */
  sources: Source[];
  /** All of them laid over each other, without `extends`; undefined when the config file could not be read. */
  value: JsonObject | undefined;
}

/** Finds, reads and merges. Throws `config-missing`; whatever is wrong inside the files is in the sources. */
export async function readConfig(options: {
  directory: string;
  file?: string | undefined;
  signal?: AbortSignal | undefined;
}): Promise<Config> {
  const directory = resolve(options.directory);
  const file = await findConfig(directory, options.file);
  const reader = new ConfigReader(options.signal);
  const value = await reader.read(file, []);
  return { directory, file, sources: reader.sources, value };
}

class ConfigReader {
  /** In the order of reading, which goes from strong to weak. */
  readonly sources: Source[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #values = new Map<string, JsonObject | undefined>();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** The file's value over the values of what it extends. `above` are the files that extend it. */
  async read(file: string, above: readonly string[]): Promise<JsonObject | undefined> {
    if (this.#values.has(file)) return this.#values.get(file);
    this.#signal?.throwIfAborted();
    const source = await readSource(file, this.#signal);
    this.sources.push(source);
    const value = source.value && (await this.#merge(source, source.value, [...above, file]));
    this.#values.set(file, value);
    return value;
  }

  async #merge(source: Source, value: JsonObject, open: readonly string[]): Promise<JsonObject> {
    const { extends: _, ...own } = value;
    const layers = [own];
    for (const { path, name } of namesExtended(source).toReversed()) {
      const layer = await this.#readExtended(source, path, name, open);
      if (layer) layers.push(layer);
    }
    return layers.reduceRight((lower, upper) => layOver(lower, upper));
  }

  async #readExtended(
    source: Source,
    path: Path,
    name: string,
    open: readonly string[],
  ): Promise<JsonObject | undefined> {
    const directory = dirname(source.file);
    const file = resolve(directory, name);
    const refuse = (message: string, hint?: string) => {
      source.findings.push({ path, message, ...(hint ? { hint } : {}) });
      return undefined;
    };
    if (open.includes(file)) {
      const circle = [...open.slice(open.indexOf(file)), file].map((link) => relative(directory, link));
      return refuse(`extends itself: ${circle.join(' → ')}`);
    }
    if (open.length > DEEPEST_EXTENDS) return refuse(`more than ${DEEPEST_EXTENDS} files extend each other`);
    if (!(await exists(file))) return refuse(`there is no file ${quote(name)}`, 'it is relative to this file');
    return await this.read(file, open);
  }
}

function namesExtended(source: Source): { path: Path; name: string }[] {
  const wish = source.value?.extends;
  const names = typeof wish === 'string' ? [wish] : wish;
  if (names === undefined) return [];
  if (Array.isArray(names) && names.every((name) => typeof name === 'string' && name !== '' && !name.includes('\0'))) {
    return names.map((name, index) => ({
      path: typeof wish === 'string' ? ['extends'] : ['extends', index],
      name: name as string,
    }));
  }
  const found = Array.isArray(names) ? '' : `, not ${nameOf(wish)}`;
  source.findings.push({ path: ['extends'], message: `must be a path or a list of paths${found}` });
  return [];
}

async function readSource(file: string, signal: AbortSignal | undefined): Promise<Source> {
  const ending = extname(file);
  if (['.ts', '.mts', '.js', '.mjs'].includes(ending)) return await importModule(file, signal);
  if (!['.yaml', '.yml', '.json'].includes(ending)) {
    return unreadable(file, {
      ...TOP,
      message: `a config can not end in ${quote(ending)}`,
      hint: 'use .yaml, .yml, .json, .ts, .js or .mjs',
    });
  }
  const text = await readText(file);
  if ('fault' in text) return unreadable(file, { ...TOP, message: text.fault });
  // The parser is 70 modules, which a TypeScript config has no use for.
  const { readYaml } = await import('./yaml-source.ts');
  return readYaml(file, text.content);
}

async function readText(file: string): Promise<{ content: string } | { fault: string }> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > LARGEST_FILE) return { fault: 'is larger than 64 MB' };
    return { content: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { fault: error instanceof TypeError ? 'is not UTF-8 text' : `can not be read (${code})` };
  }
}
