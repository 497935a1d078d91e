import { between, pick } from '../random.ts';
import type { Kill } from './slipway-process.ts';

/** At most so many kills of one operation: each costs the start of another command. */
const MOST_KILLS = 30;

/** How many other writes each command makes before it gets on: lock, takeover, resumption. */
const OTHER_WRITES = 3;

/**
 * The kills of one of `runs` runs over an operation of so many durable writes, so that together they reach
 * both sides of every write: each run takes places at even distances, from an offset of its own.
 */
export function sweep(writes: number, runs: number, run: number): Kill[] {
  const places = writes * 2;
  const kills = Math.min(MOST_KILLS, Math.max(2, Math.ceil(places / runs)));
  const distance = Math.ceil(places / kills);
  const offset = spread(run, distance);
  const kept: Kill[] = [];
  for (let place = offset; place < places; place += distance) {
    kept.push({
      kind: 'write',
      of: 'progress',
      at: Math.floor(place / 2) + 1,
      side: place % 2 === 0 ? 'before' : 'after',
    });
  }
  return kept;
}

/** The n-th of 0 to count - 1, each once a round, far from the ones just before. */
function spread(n: number, count: number): number {
  let step = Math.max(1, Math.round(count * 0.618));
  while (commonDivisor(step, count) !== 1) step += 1;
  return (n * step) % count;
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));

/** The same with a kill in between, now and then, while a command takes the operation up again. */
export function withOthers(random: () => number, kills: readonly Kill[]): Kill[] {
  return kills.flatMap((kill): Kill[] => {
    if (random() < 0.8) return [kill];
    return [
      kill,
      { kind: 'write', of: 'other', at: between(random, 1, OTHER_WRITES), side: pick(random, ['before', 'after']) },
    ];
  });
}

/** One to three kills at any instant of a command that takes about that long. */
export function instants(random: () => number, durationMs: number): Kill[] {
  return Array.from({ length: between(random, 1, 3) }, () => ({
    kind: 'instant',
    afterMs: Math.round(random() * durationMs),
  }));
}

export function describeKill(kill: Kill): string {
  return kill.kind === 'write'
    ? `${kill.side} ${kill.of === 'progress' ? '' : 'other '}write ${kill.at}`
    : `after ${kill.afterMs} ms`;
}
