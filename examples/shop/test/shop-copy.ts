import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

export interface Outcome {
  exitCode: number;
  output: string;
}

const shop = join(import.meta.dirname, '..');

/** A copy of the shop in a folder of its own, run by hand, without Slipway. Dispose of it to stop and remove all. */
export class ShopCopy implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'shop-'));
  readonly #servers: ChildProcess[] = [];

  constructor() {
    const unwanted = new Set(['dist', '.data', '.slipway', 'node_modules']);
    for (const folder of ['services', 'shared', 'scripts', 'walk', 'environments'])
      cpSync(join(shop, folder), join(this.directory, folder), {
        recursive: true,
        filter: (source) => !unwanted.has(source.slice(source.lastIndexOf('/') + 1)),
      });
  }

  /** Runs a command in a folder of the copy to its end. */
  run(folder: string, command: string, env: Record<string, string> = {}): Promise<Outcome> {
    return new Promise((resolve) => {
      const options = { cwd: join(this.directory, folder), env: this.#environment(env) };
      execFile('sh', ['-c', command], options, (error, stdout, stderr) =>
        resolve({ exitCode: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
      );
    });
  }

  /** Runs what `npm run SCRIPT` would run in the service. */
  script(service: string, script: string, env: Record<string, string> = {}): Promise<Outcome> {
    const manifest = JSON.parse(readFileSync(join(this.directory, 'services', service, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    return this.run(join('services', service), manifest.scripts[script] as string, env);
  }

  /** Starts a built service on a free port and returns when it listens. Throws what it said when it ends before. */
  async start(service: string, env: Record<string, string> = {}): Promise<{ url: string; server: ChildProcess }> {
    const port = await freePort();
    const server = spawn(process.execPath, ['dist/server.js'], {
      cwd: join(this.directory, 'services', service),
      env: this.#environment({ PORT: String(port), ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#servers.push(server);
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = once(server, 'exit').then(() => Promise.reject(new Error(`${service} ended: ${said}`)));
    ended.catch(() => undefined);
    await Promise.race([once(server.stdout, 'data'), ended]);
    return { url: `http://127.0.0.1:${port}`, server };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#servers.filter((server) => server.exitCode === null && server.signalCode === null);
    await Promise.all(
      running.map(async (server) => {
        server.kill('SIGKILL');
        await once(server, 'exit');
      }),
    );
    rmSync(this.directory, { recursive: true, force: true });
  }

  #environment(env: Record<string, string>): Record<string, string> {
    return {
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      SLIPWAY_DATA_DIR: join(this.directory, '.data/backend'),
      SESSION_KEY_FILE: join(this.directory, '.data/session-key'),
      ...env,
    };
  }
}

/** A port on which nothing listens now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
