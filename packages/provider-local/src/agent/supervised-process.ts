import type { ChildProcess } from 'node:child_process';
import { isAlive } from '@slipway/core/provider';
import type { ProcessExit } from './agent-store.ts';
import { endFamily, type Leader } from './process-family.ts';

/** After an exit: first pause, doubled each time, up to the longest; less up to half of it, at random. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Up for that long, a process counts as sound: the next pause is the first again. */
const SOUND_AFTER_MS = 60_000;
/** How often a process is looked at that isn't this agent's child, so that nothing tells of its exit. */
const LOOK_EVERY_MS = 1_000;

export interface SupervisedOptions {
  stopGraceMs: () => number;
  /** Starts it once, recording the leader durably; told of nothing else. */
  launch: () => Promise<{ child: ChildProcess; leader: Leader }>;
  /** Recorded durably before anything follows from it. */
  ended: (exit: ProcessExit, restartInMs: number) => void;
  log: (line: string) => void;
}

/** Keeps one process running until it is stopped: restarts it when it ends, with growing pauses. */
export class SupervisedProcess {
  readonly #options: SupervisedOptions;
  #leader: Leader | undefined;
  #state: 'starting' | 'running' | 'restarting' | 'stopped' = 'starting';
  #upSince = 0;
  #failures = 0;
  #pause: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  /** The work after an exit that is under way, for a stop to wait for. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  get state() {
    return this.#state;
  }

  /** Of the running process. */
  get pid(): number | undefined {
    return this.#state === 'running' ? this.#leader?.pid : undefined;
  }

  /** Rejects when it couldn't be started; goes on trying all the same. */
  async start(): Promise<void> {
    try {
      await this.#launch();
    } catch (error) {
      this.#startLater({ at: new Date().toISOString(), code: null, signal: null, reason: (error as Error).message });
      throw error;
    }
  }

  /** Takes back a process that an earlier agent started; starts it anew when it is gone. */
  async resume(leader: Leader): Promise<void> {
    if (isAlive(leader.pid, leader.start)) {
      this.#leader = leader;
      this.#running();
      this.#watch = setInterval(() => {
        if (!isAlive(leader.pid, leader.start)) this.#onExit(leader, null, null);
      }, LOOK_EVERY_MS).unref();
      return;
    }
    await endFamily(leader, this.#options.stopGraceMs());
    await this.start();
  }

  /** Cuts short the pause after an exit, so that the next start begins now. Nothing where none is under way. */
  hasten(): void {
    if (this.#state !== 'restarting') return;
    clearTimeout(this.#pause);
    void this.#startAgain(this.#turn);
  }

  /** Ends it and everything it started; resolves when nothing of it is left. Safe to repeat. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    clearTimeout(this.#pause);
    clearInterval(this.#watch);
    await this.#turn;
    if (this.#leader) await endFamily(this.#leader, this.#options.stopGraceMs());
  }

  async #launch(): Promise<void> {
    const turn = this.#options.launch().then(({ child, leader }) => {
      this.#leader = leader;
      child.once('exit', (code, signal) => this.#onExit(leader, code, signal));
      if (this.#state !== 'stopped') this.#running();
    });
    this.#turn = turn.catch(() => {});
    await turn;
  }

  #running(): void {
    this.#state = 'running';
    this.#upSince = Date.now();
  }

  #onExit(leader: Leader, code: number | null, signal: string | null): void {
    clearInterval(this.#watch);
    if (this.#state === 'stopped' || this.#leader !== leader) return;
    if (Date.now() - this.#upSince >= SOUND_AFTER_MS) this.#failures = 0;
    // What it left behind could hold its port or its files against the next one.
    const leftovers = endFamily(leader, this.#options.stopGraceMs()).catch((error: Error) =>
      this.#options.log(error.message),
    );
    this.#startLater({ at: new Date().toISOString(), code, signal }, leftovers);
  }

  #startLater(exit: ProcessExit, leftovers: Promise<void> = Promise.resolve()): void {
    if (this.#state === 'stopped') return;
    this.#state = 'restarting';
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    const pause = Math.round(longest * (0.5 + Math.random() / 2));
    this.#options.ended(exit, pause);
    this.#turn = leftovers;
    this.#pause = setTimeout(() => void this.#startAgain(leftovers), pause).unref();
  }

  async #startAgain(leftovers: Promise<void>): Promise<void> {
    await leftovers;
    if (this.#state !== 'restarting') return;
    this.#state = 'starting';
    await this.start().catch((error: Error) => this.#options.log(error.message));
  }
}
