import type { Kill } from './slipway-process.ts';

/** Which sides of which durable writes the runner was killed at, and how often anything was killed. */
export class Coverage {
  readonly #reached = new Map<string, Set<string>>();
  readonly #commits = new Map<string, number>();
  readonly #kills = new Map<string, number>();

  /** `commits`: so many durable writes the operation makes undisturbed. */
  expect(operation: string, commits: number): void {
    this.#commits.set(operation, commits);
    this.#reached.set(operation, new Set());
  }

  add(operation: string, kills: readonly Kill[]): void {
    for (const kill of kills) {
      this.count('runner');
      if (kill.kind !== 'commit' || kill.at > (this.#commits.get(operation) ?? 0)) continue;
      this.#reached.get(operation)?.add(`${kill.side} ${kill.at}`);
    }
  }

  count(target: string): void {
    this.#kills.set(target, (this.#kills.get(target) ?? 0) + 1);
  }

  lines(): string[] {
    const kills = Array.from(this.#kills, ([target, count]) => `${target} ${count}`).join(', ');
    let [reached, places] = [0, 0];
    const each = Array.from(this.#commits, ([operation, commits]) => {
      const here = this.#reached.get(operation)?.size ?? 0;
      reached += here;
      places += commits * 2;
      return `${operation} ${here}/${commits * 2}`;
    });
    return [
      `kills: ${kills || 'none'}`,
      `sides of durable writes that the runner was killed at: ${reached} of ${places} (${each.join(', ')})`,
    ];
  }
}
