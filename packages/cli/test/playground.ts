import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const bin = join(import.meta.dirname, '../bin/slipway.js');

/** A folder of its own for one test, with the real command line run in it from outside. */
export class Playground implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
  readonly #children: ChildProcess[] = [];

  write(files: Readonly<Record<string, string>>): this {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, name)), { recursive: true });
      writeFileSync(join(this.directory, name), content);
    }
    return this;
  }

  /** Starts `slipway` from its sources; stdin is not a terminal. */
  start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Run {
    const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...inherited } = process.env;
    const child = spawn(process.execPath, ['-C', 'slipway-source', bin, ...args], {
      cwd: this.directory,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    return new Run(child);
  }

  /** Runs it to its end. */
  async slipway(...args: readonly string[]): Promise<Ended> {
    return await this.start(args).ended;
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** One process of the command line. */
export class Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  #waiting: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text;
        for (const wake of this.#waiting.splice(0)) wake();
      });
    }
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        for (const wake of this.#waiting.splice(0)) wake();
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Resolves when a text was printed; fails when the process ended without it. */
  async printed(text: string | RegExp): Promise<void> {
    const has = () => {
      const all = `${this.stdout}\n${this.stderr}`;
      return typeof text === 'string' ? all.includes(text) : text.test(all);
    };
    while (!has()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`It ended without printing ${text}:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
