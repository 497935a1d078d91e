import type { PauseControl } from './execution.ts';
import { WaitingList, type WaitingStep } from './waiting-list.ts';

export interface GateParts {
  control: PauseControl | undefined;
  waitForPerson: boolean | undefined;
  lastLook: (() => Promise<void>) | undefined;
  onWaiting: (waiting: WaitingStep[]) => void;
  /** Whether nothing runs but what these steps allow; and, unless it is `paused`, nothing could start. */
  isHeldUp: (paused: boolean, allowed: (n: number) => boolean) => boolean;
  /** Goes on beside what waits, without being waited for. */
  watches: (n: number) => boolean;
  /** Ends the run: only people could make it go on. */
  suspend: () => void;
}

/** Knows who waits for people, and ends a run that nobody is there to make go on. */
export class PeopleGate {
  readonly waiting: WaitingList;
  readonly #parts: GateParts;
  /** Somebody paused it before this run: nobody is there now to whom it could listen. */
  #pausedBefore: boolean;
  #looking = false;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.waiting = new WaitingList(parts.onWaiting);
    this.#pausedBefore = parts.control?.paused() ?? false;
  }

  /** To be called whenever something changed. */
  check(): void {
    this.#pausedBefore &&= this.#parts.control?.paused() ?? false;
    if (this.#looking || !this.#onlyPeopleCanGoOn()) return;
    this.#looking = true;
    const decide = () => {
      this.#looking = false;
      if (this.#onlyPeopleCanGoOn()) this.#parts.suspend();
    };
    const looked = this.#parts.lastLook?.() ?? Promise.resolve();
    // What was said then reaches the step that waits for it within this turn of the event loop.
    void looked.catch(() => {}).then(() => setImmediate(decide));
  }

  #onlyPeopleCanGoOn(): boolean {
    if (this.#parts.waitForPerson !== false || (!this.#pausedBefore && this.waiting.size === 0)) return false;
    return this.#parts.isHeldUp(this.#pausedBefore, (n) => this.waiting.has(n) || this.#parts.watches(n));
  }
}
