import type { PauseControl } from '../execute/execution.ts';
import type { JournalEvent } from '../journal/event.ts';
import type { ControlRequest, Store } from '../journal/store.ts';
import { wakeTogether } from '../wake-together.ts';
import { WishList } from './wish-list.ts';

/** How often it is looked whether another terminal wishes something, in ms, where nothing tells it sooner. */
const LOOK_EVERY_MS = 1_000;
/** The first look comes sooner: whoever began a deployment by mistake says so at once. */
const FIRST_LOOK_MS = 200;
/** From when something was written to the look at it, in ms, so that what is written together is looked at once. */
const LOOK_SOON_MS = 40;

export interface ControlParts {
  store: Store;
  deployment: string;
  /** For a way back: what it takes back, and the last word to that which was heard before. Words since are meant for it. */
  takesBack?: { deployment: string; heard: number };
  /** Since when this process has the lock (ISO 8601 UTC): who said something after that meant this run. */
  since: string;
  /** What earlier runs of this deployment journalled. */
  past: Iterable<JournalEvent>;
  /** It only looks what is there: what was said before it began was meant for something else. */
  onlySettles: boolean;
  /** Wishes are heard within a fraction of a second instead of a second. */
  attentive: boolean;
  /** A way back can't be taken back: an abort only lets it go on. */
  goesBack: boolean;
  /** Told of each wish when it is heard, before it takes effect. */
  onAsked: (request: ControlRequest) => void;
  onPause: () => void;
}

/**
 * Hears what people ask of a deployment from other terminals, and turns it into signals. What earlier runs heard and
 * what was left while nobody ran it count as well, but for a cancel, which was meant for the run of then; nothing of it
 * counts where the deployment is only settled. Who speaks to a deployment that is being taken back speaks to its way back.
 */
export class Controls implements PauseControl {
  /** Aborted: stop cleanly; the deployment stays resumable. */
  readonly cancel = new AbortController();
  /** Aborted: stop and take everything back. */
  readonly abort = new AbortController();
  readonly wishes = new WishList();
  readonly #parts: ControlParts;
  readonly #listeners = new Set<() => void>();
  /** By deployment, the number of the last word to it that was heard. */
  readonly #heard = new Map<string, number>();
  #paused = false;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #stopWatching: () => void = () => {};

  private constructor(parts: ControlParts) {
    this.#parts = parts;
    const { deployment, takesBack } = parts;
    this.#heard.set(deployment, 0);
    if (takesBack) this.#heard.set(takesBack.deployment, takesBack.heard);
  }

  /** The number of the last word to this deployment that was heard; 0: none was. */
  get heard(): number {
    return this.#heard.get(this.#parts.deployment)!;
  }

  /** Knows what was said before when it resolves, and listens from then on. */
  static async listen(parts: ControlParts): Promise<Controls> {
    const controls = new Controls(parts);
    let isTakenUp = false;
    for (const event of parts.past) {
      isTakenUp = true;
      if (event.type === 'deployment.asked') controls.#remember(event.data, event.at);
      // Who takes up what a person stopped wants it to go on; a pause outlives only a process that died.
      else if (event.type === 'deployment.ended') controls.#paused = false;
    }
    controls.#schedule(FIRST_LOOK_MS);
    if (isTakenUp || parts.takesBack) await controls.look({ before: true });
    if (parts.attentive) controls.#stopWatching = parts.store.onWrite(() => controls.#lookSoon());
    return controls;
  }

  paused(): boolean {
    return this.#paused;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#soon);
    this.#timer = undefined;
    this.#stopWatching();
    this.#listeners.clear();
  }

  /** Looks for what was said since the last look. `before`: some of it may have been said before this run. */
  async look({ before = false } = {}): Promise<void> {
    const { store, since, onlySettles } = this.#parts;
    const looks = Array.from(this.#heard, ([deployment, after]) => store.requests(deployment, after));
    const found = await Promise.all(looks).catch(() => []);
    if (this.#timer === undefined) return;
    for (const request of found.flat().sort((one, other) => one.number - other.number)) {
      if (request.number <= this.#heard.get(request.deployment)!) continue;
      // Who only settles starts nothing: a pause, and what ends it, is for what comes after.
      if (onlySettles && request.what !== 'cancel' && request.what !== 'abort') continue;
      this.#heard.set(request.deployment, request.number);
      const isOld = before && request.at < since;
      if (isOld && (request.what === 'cancel' || onlySettles)) continue;
      this.#parts.onAsked(request);
      this.#obey(request);
    }
  }

  /** Keeps the process alive: a paused run waits for nothing else, and must not end as if all were done. */
  #schedule(afterMs: number): void {
    this.#timer = setTimeout(() => void this.#lookAndGoOn(), afterMs);
  }

  async #lookAndGoOn(): Promise<void> {
    await this.look();
    if (this.#timer !== undefined) this.#schedule(wakeTogether(LOOK_EVERY_MS));
  }

  #lookSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.look();
    }, LOOK_SOON_MS);
  }

  #remember(asked: Omit<ControlRequest, 'deployment' | 'at' | 'reason'> & { reason: string | null }, at: string): void {
    for (const [deployment, number] of this.#heard) this.#heard.set(deployment, Math.max(number, asked.number));
    const { reason, ...rest } = asked;
    const { deployment } = this.#parts;
    const counts = asked.what !== 'cancel' && !this.#parts.onlySettles;
    if (counts) this.#obey({ ...rest, deployment, at, ...(reason === null ? {} : { reason }) });
  }

  #obey(request: ControlRequest): void {
    const { number, what, by, at, reason = null } = request;
    if (what === 'cancel') {
      this.cancel.abort(new Error(`cancel by ${by}`));
    } else if (what === 'abort') {
      if (this.#parts.goesBack) this.#pause(false);
      else this.abort.abort(new Error(`abort by ${by}`));
    } else {
      if (what !== 'pause') this.wishes.add({ number, what, by, at, reason });
      this.#pause(what === 'pause');
    }
  }

  #pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#parts.onPause();
    for (const listener of this.#listeners) listener();
  }
}
