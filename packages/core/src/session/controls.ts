import type { PauseControl } from '../execute/execution.ts';
import type { ControlRequest, Store } from '../journal/store.ts';
import { wakeTogether } from '../wake-together.ts';

/** How often it is looked whether another terminal wishes something, in ms. */
const LOOK_EVERY_MS = 1_000;
/** The first look comes sooner: whoever began a deployment by mistake says so at once. */
const FIRST_LOOK_MS = 200;

/** Hears what people ask of a running deployment from other terminals, and turns it into signals. */
export class Controls implements PauseControl {
  /** Aborted: stop cleanly; the deployment stays resumable. */
  readonly cancel = new AbortController();
  /** The wish that ended the run, if one did. */
  ended: ControlRequest | undefined;
  readonly #store: Store;
  readonly #deployment: string;
  readonly #onPause: (paused: boolean, request: ControlRequest) => void;
  readonly #listeners = new Set<() => void>();
  #seen = 0;
  #paused = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(store: Store, deployment: string, onPause: (paused: boolean, request: ControlRequest) => void) {
    this.#store = store;
    this.#deployment = deployment;
    this.#onPause = onPause;
  }

  /** `after`: the newest wish from before this run; those are over. */
  static listen(
    store: Store,
    deployment: string,
    after: number,
    onPause: (paused: boolean, request: ControlRequest) => void,
  ): Controls {
    const controls = new Controls(store, deployment, onPause);
    controls.#seen = after;
    controls.#schedule(FIRST_LOOK_MS);
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
    this.#timer = undefined;
    this.#listeners.clear();
  }

  /** Keeps the process alive: a paused run waits for nothing else, and must not end as if all were done. */
  #schedule(afterMs: number): void {
    this.#timer = setTimeout(() => void this.#look(), afterMs);
  }

  async #look(): Promise<void> {
    const requests = await this.#store.requests(this.#deployment, this.#seen).catch(() => []);
    if (this.#timer === undefined) return;
    for (const request of requests) {
      this.#seen = request.number;
      this.#obey(request);
    }
    this.#schedule(wakeTogether(LOOK_EVERY_MS));
  }

  #obey(request: ControlRequest): void {
    if (request.what === 'cancel' || request.what === 'abort') {
      this.ended ??= request;
      this.cancel.abort(new Error(`${request.what} by ${request.by}`));
      return;
    }
    const paused = request.what === 'pause';
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#onPause(paused, request);
    for (const listener of this.#listeners) listener();
  }
}
