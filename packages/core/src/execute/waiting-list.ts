/** A step that waits for a person, and for what. */
export interface WaitingStep {
  step: string;
  reason: string;
}

/** The steps that wait for a person now, by number, in the order in which they began to. */
export class WaitingList {
  readonly #waiting = new Map<number, WaitingStep>();
  readonly #onChange: (waiting: WaitingStep[]) => void;

  constructor(onChange: (waiting: WaitingStep[]) => void) {
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#waiting.size;
  }

  has(n: number): boolean {
    return this.#waiting.has(n);
  }

  add(n: number, waiting: WaitingStep): void {
    this.#waiting.set(n, waiting);
    this.#tell();
  }

  /** False: it didn't wait. */
  remove(n: number): boolean {
    const waited = this.#waiting.delete(n);
    if (waited) this.#tell();
    return waited;
  }

  #tell(): void {
    this.#onChange([...this.#waiting.values()]);
  }
}
