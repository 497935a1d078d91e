import { exitCode } from './exit-code.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Ctrl-C (or SIGTERM, or a terminal that is closed) while something changes: the first aborts `signal`, so that the run stops cleanly and
 * can be resumed; the second aborts `kill` and ends the process at once.
 */
export class Interruption {
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  readonly #say: (line: string) => void;
  readonly #leave: () => void;
  readonly #onSignal = () => this.#interrupt();

  /** `say` shows a line to people; `leave` is called right before the process ends at once. */
  constructor(say: (line: string) => void, leave: () => void) {
    this.#say = say;
    this.#leave = leave;
    for (const name of signals) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get kill(): AbortSignal {
    return this.#kill.signal;
  }

  get interrupted(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Signals do again what they do by default. */
  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#onSignal);
  }

  #interrupt(): void {
    if (!this.interrupted) {
      this.#say('stopping cleanly; press Ctrl-C again to stop now');
      this.#stop.abort();
      return;
    }
    this.#kill.abort();
    this.#leave();
    process.exit(exitCode.interrupted);
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
