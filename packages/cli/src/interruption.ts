import { exitCode } from './exit-code.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface InterruptionParts {
  /** Shows a line to people. */
  say: (line: string) => void;
  /** Called right before the process ends at once. */
  leave: () => void;
  /** True while a failed deployment is taken back, which is never stopped half-way. */
  goesBack: () => boolean;
}

/**
 * Ctrl-C (or SIGTERM, or a terminal that is closed) while something changes: the first aborts `signal`, so that the run
 * stops cleanly and can be resumed, but for a way back, which goes on to its end; the second aborts `kill` and ends the
 * process at once.
 */
export class Interruption {
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  readonly #parts: InterruptionParts;
  #wasAsked = false;
  readonly #onSignal = () => this.#interrupt();

  constructor(parts: InterruptionParts) {
    this.#parts = parts;
    for (const name of signals) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get kill(): AbortSignal {
    return this.#kill.signal;
  }

  /** Whether the run was told to stop. */
  get interrupted(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Signals do again what they do by default. */
  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#onSignal);
  }

  #interrupt(): void {
    const { say, leave, goesBack } = this.#parts;
    if (this.#wasAsked) {
      this.#kill.abort();
      leave();
      process.exit(exitCode.interrupted);
    }
    this.#wasAsked = true;
    if (goesBack()) {
      say('going back is finished first; press Ctrl-C again to stop now');
      return;
    }
    say('stopping cleanly; press Ctrl-C again to stop now');
    this.#stop.abort();
  }
}

/**
 * For commands that only look: Ctrl-C and SIGTERM end the looking, not the process, and so does a reader that went
 * away, as `head` does.
 */
export function stopOnSignal(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const name of signals) process.once(name, stop);
  process.stdout.once('error', stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, stop);
      process.stdout.off('error', stop);
    },
  };
}
