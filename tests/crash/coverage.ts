import type { Kill } from './slipway-process.ts';

/** Which sides of which durable writes the runner was killed at, and how often anything was killed. */
export class Coverage {
  readonly #reached = new Map<string, Set<string>>();
  readonly #writes = new Map<string, number>();
  /** Kills at writes that each command makes anew. */
  #others = 0;
  readonly #kills = new Map<string, number>();

  /** `writes`: so many writes bring the operation to its end undisturbed. */
  expect(operation: string, writes: number): void {
    this.#writes.set(operation, writes);
    this.#reached.set(operation, new Set());
  }

  add(operation: string, kills: readonly Kill[]): void {
    for (const kill of kills) {
      this.count('runner');
      if (kill.kind === 'write' && kill.of === 'other') this.#others++;
      if (kill.kind !== 'write' || kill.of === 'other' || kill.at > (this.#writes.get(operation) ?? 0)) continue;
      this.#reached.get(operation)?.add(`${kill.side} ${kill.at}`);
    }
  }

  count(target: string): void {
    this.#kills.set(target, (this.#kills.get(target) ?? 0) + 1);
  }

  lines(): string[] {
    const kills = Array.from(this.#kills, ([target, count]) => `${target} ${count}`).join(', ');
    let [reached, places] = [0, 0];
    const each = Array.from(this.#writes, ([operation, writes]) => {
      const here = this.#reached.get(operation)?.size ?? 0;
      reached += here;
      places += writes * 2;
      return `${operation} ${here}/${writes * 2}`;
    });
    return [
      `kills: ${kills || 'none'}`,
      `sides of durable writes that the runner was killed at: ${reached} of ${places} (${each.join(', ')})`,
      `kills while a command takes an operation up again: ${this.#others}`,
    ];
  }
}
