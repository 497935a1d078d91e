/**
 * How close the executor's schedule comes to the best there can be. Seeded sets of sleeping steps go through
 * the real executor and a durable journal: as they are, in waves with a barrier after each, and one after
 * another. Usage: node -C slipway-source bench/schedule.ts [--sets 100] [--shops 20] [--seed 1]
 * The table goes to stderr, JSON to stdout.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { criticalPath, estimateMakespan } from '../packages/core/src/graph/schedule.ts';
import { openSqliteStore } from '../packages/core/src/journal/sqlite/open-sqlite-store.ts';
import type { Store } from '../packages/core/src/journal/store.ts';
import { seeded } from '../tests/random.ts';
import { randomSet, shopSet, type WorkSet } from './schedule/sets.ts';
import { inWaves, runSleeping } from './schedule/sleeping-run.ts';

/** One second of a shop, in ms of the bench. */
const SHOP_SCALE_MS = 25;
/** So many runs share the machine's cores and its disk while what they mostly do is sleep. */
const AT_ONCE = { ours: 12, waves: 26, sequential: 200 };

interface Outcome {
  /** max(critical path, work / slots): no schedule is shorter. */
  boundMs: number;
  /** What the schedule takes by its durations alone, without timers and journal. */
  plannedMs: number;
  oursMs: number;
  wavesMs: number;
  sequentialMs: number;
}

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: '100' },
    shops: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const random = seeded(Number(values.seed));
const directory = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
const store = await openSqliteStore({ file: join(directory, 'state.db'), key: randomBytes(32) });
try {
  const sets = Array.from({ length: Number(values.sets) }, () => randomSet(random));
  const shops = Array.from({ length: Number(values.shops) }, () => shopSet(random, SHOP_SCALE_MS));
  const outcomes = await measure(store, [...sets, ...shops]);
  const report = {
    version: 1,
    seed: Number(values.seed),
    random: summarize(outcomes.slice(0, sets.length)),
    shop: summarize(outcomes.slice(sets.length)),
  };
  print(report);
  process.stdout.write(`${JSON.stringify(report)}\n`);
} finally {
  await store.close();
  await rm(directory, { recursive: true, force: true });
}

/** Ours first and alone; then the two it is compared with, together. */
async function measure(store: Store, sets: readonly WorkSet[]): Promise<Outcome[]> {
  const ours = await inParallel(AT_ONCE.ours, sets, ({ items, slots }, at) =>
    runSleeping(store, `ours-${at}`, items, slots),
  );
  const [waves, sequential] = await Promise.all([
    inParallel(AT_ONCE.waves, sets, ({ items, slots }, at) => runSleeping(store, `waves-${at}`, inWaves(items), slots)),
    inParallel(AT_ONCE.sequential, sets, ({ items }, at) => runSleeping(store, `sequential-${at}`, items, 1)),
  ]);
  return sets.map(({ items, slots }, at) => {
    const workMs = items.reduce((sum, item) => sum + item.durationMs, 0);
    return {
      boundMs: Math.max(criticalPath(items).durationMs, workMs / slots),
      plannedMs: estimateMakespan(items, { overall: slots, providers: {}, types: {} }),
      oursMs: ours[at]!,
      wavesMs: waves[at]!,
      sequentialMs: sequential[at]!,
    };
  });
}

/** Works through the items in their order, so many at once; the results in the order of the items. */
async function inParallel<T, R>(atOnce: number, items: readonly T[], work: (item: T, at: number) => Promise<R>) {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [at, item] of queue) results[at] = await work(item, at);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

function summarize(outcomes: Outcome[]) {
  const of = (ratio: (outcome: Outcome) => number) => {
    const sorted = outcomes.map(ratio).sort((a, b) => a - b);
    return {
      median: sorted[Math.floor(sorted.length / 2)] ?? 0,
      mean: sorted.reduce((sum, one) => sum + one, 0) / sorted.length,
      max: sorted.at(-1) ?? 0,
      min: sorted[0] ?? 0,
    };
  };
  return {
    sets: outcomes.length,
    oursOverBound: of((one) => one.oursMs / one.boundMs),
    plannedOverBound: of((one) => one.plannedMs / one.boundMs),
    oursOverPlanned: of((one) => one.oursMs / one.plannedMs),
    wavesOverOurs: of((one) => one.wavesMs / one.oursMs),
    sequentialOverOurs: of((one) => one.sequentialMs / one.oursMs),
  };
}

function print(report: { random: ReturnType<typeof summarize>; shop: ReturnType<typeof summarize> }): void {
  for (const [name, summary] of [
    ['random', report.random],
    ['shop', report.shop],
  ] as const) {
    console.error(`\n${name}, ${summary.sets} sets        median     mean      max      min`);
    for (const [ratio, figures] of Object.entries(summary)) {
      if (typeof figures === 'number') continue;
      const cells = [figures.median, figures.mean, figures.max, figures.min].map((one) => one.toFixed(3).padStart(8));
      console.error(`  ${ratio.padEnd(20)} ${cells.join(' ')}`);
    }
  }
}
