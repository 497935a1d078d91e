import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { between } from '../../random.ts';
import type { drawRollouts } from './rollouts.ts';

const root = join(import.meta.dirname, '../../..');
const original = join(root, 'examples/shop');
const NOT_COPIED = new Set(['dist', '.data', '.slipway', 'node_modules']);
export const ENVIRONMENT = 'lab';
/** How the services come in; a run of the harness draws it anew. */
const ROLLOUTS = 'rollouts.json';
const CONFIG_HEAD = `import { readFileSync } from 'node:fs';
import { defineProject } from 'slipway';

const rollouts = JSON.parse(readFileSync(new URL('./${ROLLOUTS}', import.meta.url), 'utf8'));`;
/** Below the ports that outgoing connections take: an address must still be free after its holder was killed. */
const PORTS = [20_000, 30_000] as const;

/** What the shop says of itself from outside. */
export interface Edition {
  /** Of the backend, at `/version`. */
  backend: string;
  /** In every page of admin and marketing. */
  brand: string;
  /** How many migrations the database has had. */
  level: number;
  commit: string;
}

/** A copy of the example shop, a repository of its own, on ports of its own. */
export class Shop {
  readonly directory: string;
  readonly ports: Readonly<Record<'backend' | 'admin' | 'marketing', number>>;
  #edition: Edition;

  private constructor(directory: string, ports: Shop['ports']) {
    this.directory = directory;
    this.ports = ports;
    this.#edition = { backend: '1.0.0', brand: 'Harbour Goods', level: 2, commit: this.#git('rev-parse', 'HEAD') };
  }

  static async copy(directory: string, random: () => number): Promise<Shop> {
    cpSync(original, directory, { recursive: true, filter: (source) => !NOT_COPIED.has(basename(source)) });
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(join(root, 'packages/cli'), join(directory, 'node_modules/slipway'));
    const ports = { backend: await freePort(random), admin: await freePort(random), marketing: await freePort(random) };
    replaceIn(join(directory, 'slipway.config.ts'), [
      ['port: 5000', `port: ${ports.backend}`],
      ['port: 5001', `port: ${ports.admin}`],
      ['port: 5003', `port: ${ports.marketing}`],
      ["import { defineProject } from 'slipway';", CONFIG_HEAD],
      ['\n  environments: {', "\n  metricSources: { shell: { use: 'command' } },\n\n  environments: {"],
      // Each service's own, in the order in which they are declared.
      ...['backend', 'admin', 'marketing'].map((name) => ["strategy: 'blue-green',", `...rollouts.${name},`] as const),
    ]);
    writeFileSync(join(directory, ROLLOUTS), '{}\n');
    writeFileSync(join(directory, '.gitignore'), 'node_modules\n.slipway\n.data\ndist\n.writes\n');
    const git = (...args: string[]) => execFileSync('git', args, { cwd: directory });
    git('init', '--quiet');
    git('add', '.');
    git('-c', 'user.name=crash', '-c', 'user.email=crash@example.invalid', 'commit', '--quiet', '-m', 'The shop');
    return new Shop(directory, ports);
  }

  get stateDirectory(): string {
    return join(this.directory, '.slipway');
  }

  get edition(): Edition {
    return this.#edition;
  }

  /** From the next change on, the services come in so. */
  comesIn(rollouts: ReturnType<typeof drawRollouts>): void {
    writeFileSync(join(this.directory, ROLLOUTS), `${JSON.stringify(rollouts)}\n`);
  }

  /** A new name, which admin and marketing show. */
  rename(number: number): void {
    const brand = `Harbour Goods ${number}`;
    replaceIn(join(this.directory, 'shared/brand.json'), [[`"${this.#edition.brand}"`, `"${brand}"`]]);
    this.#commit({ brand });
  }

  /** A new backend with a migration more, which notes itself in the database. */
  advance(number: number): void {
    const level = this.#edition.level + 1;
    const backend = `1.0.${number}`;
    const folder = join(this.directory, 'services/backend');
    replaceIn(join(folder, 'package.json'), [[`"version": "${this.#edition.backend}"`, `"version": "${backend}"`]]);
    const up = `CREATE TABLE IF NOT EXISTS applied (level INTEGER NOT NULL) STRICT;\nINSERT INTO applied VALUES (${level});`;
    const down = `DELETE FROM applied WHERE level = ${level};`;
    const file = join(folder, 'migrations', `${String(level).padStart(3, '0')}-applied.sql`);
    writeFileSync(file, `-- up\n${up}\n\n-- down\n${down}\n`);
    this.#commit({ backend, level });
  }

  /** The backend fails its tests, after its migration was run. */
  breakBackend(number: number): void {
    this.advance(number);
    replaceIn(join(this.directory, 'services/backend/src/orders.ts'), [
      ['INSERT INTO orders (', 'INSERT INTO commands ('],
    ]);
    this.#commit({});
  }

  /** Back to the sources of an earlier edition. */
  reset(edition: Edition): void {
    this.#git('reset', '--quiet', '--hard', edition.commit);
    this.#edition = edition;
  }

  #commit(changed: Partial<Edition>): void {
    this.#git('add', '.');
    this.#git('-c', 'user.name=crash', '-c', 'user.email=crash@example.invalid', 'commit', '--quiet', '-m', 'A change');
    this.#edition = { ...this.#edition, ...changed, commit: this.#git('rev-parse', 'HEAD') };
  }

  #git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.directory, encoding: 'utf8' }).trim();
  }
}

function replaceIn(file: string, replacements: readonly (readonly [string, string])[]): void {
  let text = readFileSync(file, 'utf8');
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`${file} has no ${from} any more.`);
    text = text.replace(from, () => to);
  }
  writeFileSync(file, text);
}

async function freePort(random: () => number): Promise<number> {
  for (;;) {
    const port = between(random, ...PORTS);
    const probe = createServer();
    try {
      await once(probe.listen(port, '127.0.0.1'), 'listening');
      return port;
    } catch {
      // Taken: the next one.
    } finally {
      probe.close();
    }
  }
}
