import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** What a user has of this process's environment, with the Node that runs it. */
const ENVIRONMENT = {
  HOME: process.env.HOME,
  LANG: process.env.LANG,
  NO_COLOR: '1',
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
};

export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
}

/**
 * The packages as they would be published, built, packed and installed into an empty folder, without network and
 * without anything of the repository but the packages of others, as they are installed here.
 */
export class Installation {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-published-')));
  /** The user's project. */
  readonly project = join(this.directory, 'project');

  static async make(): Promise<Installation> {
    const made = new Installation();
    try {
      await made.#install(await made.#pack());
      return made;
    } catch (error) {
      made.remove();
      throw error;
    }
  }

  /** Runs the installed binary in the user's project. */
  slipway(...args: string[]): Promise<Outcome> {
    return run(join(this.project, 'node_modules/.bin/slipway'), args, this.project);
  }

  /** Runs a module of the user's. */
  async node(source: string): Promise<Outcome> {
    return await run(process.execPath, ['--input-type=module', '-e', source], this.project);
  }

  /** Checks the types of the user's project; Slipway's own are all that it finds. */
  async tsc(...files: string[]): Promise<Outcome> {
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', ''];
    return await run(join(ROOT, 'node_modules/.bin/tsc'), [...flags, ...files], this.project);
  }

  write(file: string, content: string): void {
    mkdirSync(dirname(join(this.project, file)), { recursive: true });
    writeFileSync(join(this.project, file), content);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The tarballs by package name. */
  async #pack(): Promise<Map<string, string>> {
    const built = join(this.directory, 'built');
    await succeed(process.execPath, [join(ROOT, 'scripts/build.ts'), '--to', built], ROOT);
    const folders = readdirSync(built).map((name) => `./${name}`);
    const { stdout } = await succeed('npm', ['pack', '--json', ...this.#npmFlags(), ...folders], built);
    const packed = JSON.parse(stdout) as { name: string; filename: string }[];
    return new Map(packed.map(({ name, filename }) => [name, join(built, filename)]));
  }

  async #install(tarballs: ReadonlyMap<string, string>): Promise<void> {
    const ours = Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`]));
    const { found, nested } = foreignPackages(tarballs.keys());
    const others = Object.fromEntries(found);
    // All of them by name, so that each range that a package asks for finds what satisfies it.
    const dependencies = { ...others, ...ours };
    const manifest = { name: 'users-project', private: true, dependencies, overrides: nested };
    this.write('package.json', JSON.stringify(manifest));
    await succeed('npm', ['install', '--ignore-scripts', '--install-links', ...this.#npmFlags()], this.project);
  }

  /** A cache of its own: what passes here passes on a machine that never installed anything. */
  #npmFlags(): string[] {
    return ['--offline', '--cache', join(this.directory, 'cache'), '--no-audit', '--no-fund', '--loglevel=error'];
  }
}

/**
 * Everything that the packages need of others, directly or not, with the folder where it is installed here; `nested`:
 * what a package has for itself, in another version than the rest.
 */
function foreignPackages(ours: Iterable<string>): {
  found: Map<string, string>;
  nested: Record<string, Record<string, string>>;
} {
  const found = new Map<string, string>();
  const nested: Record<string, Record<string, string>> = {};
  const pending = [...ours].map((name) => ({ name, folder: realpathSync(join(ROOT, 'node_modules', name)) }));
  for (let one = pending.pop(); one; one = pending.pop()) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(one.folder, 'package.json'), 'utf8')) as Manifest;
    for (const need of Object.keys(dependencies)) {
      const own = join(one.folder, 'node_modules', need);
      if (existsSync(own)) {
        nested[one.name] = { ...nested[one.name], [need]: `file:${own}` };
        pending.push({ name: need, folder: own });
      } else if (!found.has(need) && !need.startsWith('@slipway/')) {
        const folder = join(ROOT, 'node_modules', need);
        found.set(need, `file:${folder}`);
        pending.push({ name: need, folder });
      }
    }
  }
  return { found, nested };
}

async function succeed(file: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const outcome = await run(file, args, cwd);
  if (outcome.exitCode === 0) return outcome;
  throw new Error(`${file} ${args.join(' ')} exited with ${outcome.exitCode}:\n${outcome.stdout}\n${outcome.stderr}`);
}

function run(file: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env: ENVIRONMENT, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ exitCode, stdout, stderr: exitCode === -1 ? `${stderr}${error?.message}` : stderr });
    });
  });
}
