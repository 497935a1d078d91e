import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '@slipway/provider-testkit';
import { RUN_SCRIPT, SUPERVISOR_SCRIPT } from '../src/remote/supervisor-script.ts';

/** A release as `stage` lays it out, on this machine, with a supervisor that a test starts and kills as it likes. */
export class Supervised {
  readonly folder = mkdtempSync(join(tmpdir(), 'slipway-supervised-'));
  readonly release = join(this.folder, 'release');
  readonly logs = join(this.folder, 'log');
  readonly #programs = join(this.folder, 'programs');
  readonly #started: ChildProcess[] = [];

  constructor(command: string, { mask = '' }: { mask?: string } = {}) {
    for (const folder of [this.logs, this.#programs, join(this.release, 'state'), join(this.release, 'files')]) {
      mkdirSync(folder, { recursive: true });
    }
    const state = join(this.release, 'state');
    execFileSync('mkfifo', [join(state, 'stdout.pipe'), join(state, 'stderr.pipe')]);
    this.write('supervisor.sh', SUPERVISOR_SCRIPT);
    this.write('release/run', RUN_SCRIPT);
    this.write('release/command', `cd ${this.folder}\n${command}\n`);
    this.write('release/environment', 'export SLIPWAY_PATH=.\n');
    this.write('release/environment.own', '');
    this.write('release/environment.login', '');
    this.write('release/mask', mask);
    this.write('release/state/port', '1\n');
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** What the file says; nothing when there is none. */
  read(path: string): string {
    const file = join(this.folder, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Puts a program before those of the machine, for the supervisor. */
  replaceProgram(name: string, script: string): void {
    this.write(`programs/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.#programs, name), 0o755);
  }

  /** Starts a supervisor, in a session of its own as on a host. */
  supervise(graceTenths = 20): ChildProcess {
    const args = [join(this.folder, 'supervisor.sh'), this.release, this.logs, String(graceTenths)];
    const env = { ...process.env, PATH: `${this.#programs}:${process.env.PATH}` };
    const child = spawn('sh', args, { detached: true, stdio: 'ignore', env });
    this.#started.push(child);
    return child;
  }

  /** The pid that is written down, once it is. */
  async process(): Promise<number> {
    let pid = 0;
    await waitUntil('the process says its pid', async () => {
      pid = Number(this.read('release/state/process').split(' ')[0]);
      return pid > 0;
    });
    return pid;
  }

  /** Ends everything, whatever state it is in, and removes the files. */
  async close(): Promise<void> {
    for (const child of this.#started) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    for (const pid of processesIn(this.folder)) endNow(pid);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Processes that have the folder in their arguments or work in it. */
export function processesIn(folder: string): number[] {
  const found = execFileSync(
    'sh',
    ['-c', 'grep -lasF "$0" /proc/[0-9]*/cmdline; ls -l /proc/[0-9]*/cwd 2>&1; :', folder],
    {
      encoding: 'utf8',
    },
  );
  const mine = found.split('\n').filter((line) => /^\/proc\/\d+\/cmdline$/.test(line) || line.endsWith(`-> ${folder}`));
  return mine.map((line) => Number(/\/proc\/(\d+)\//.exec(line)?.[1])).filter((pid) => existsSync(`/proc/${pid}`));
}

/** The program and its arguments, with spaces between; nothing of one that has ended. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch (error) {
    if (hasEnded(error)) return '';
    throw error;
  }
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasEnded(error)) throw error;
  }
}

function hasEnded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'ENOENT');
}
