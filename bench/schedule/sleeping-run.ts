import { setTimeout as sleep } from 'node:timers/promises';
import { execute } from '../../packages/core/src/execute/executor.ts';
import type { StepHandler, StepHandlers } from '../../packages/core/src/execute/handler.ts';
import { indexNeeds } from '../../packages/core/src/graph/needs-index.ts';
import type { ScheduleItem } from '../../packages/core/src/graph/schedule.ts';
import { createRedactor } from '../../packages/core/src/journal/redactor.ts';
import type { Store } from '../../packages/core/src/journal/store.ts';
import { createJournal } from '../../packages/core/src/journal/writer.ts';
import type { Step } from '../../packages/core/src/plan/step.ts';

/** Each step sleeps as long as it is estimated. */
const sleeper: StepHandler = {
  async run(step, context) {
    if (step.estimateMs > 0) await sleep(step.estimateMs, undefined, { signal: context.signal });
    return { changes: [] };
  },
  settle: async () => ({ as: 'not-done', how: 'sleeping leaves nothing' }),
};

/** Runs the items as sleeping steps through the executor and a durable journal; gives the makespan in ms. */
export async function runSleeping(
  store: Store,
  environment: string,
  items: readonly ScheduleItem[],
  slots: number,
): Promise<number> {
  const since = new Date().toISOString();
  const holder = {
    id: environment,
    host: 'bench',
    pid: process.pid,
    processStart: null,
    user: 'bench',
    command: '',
    since,
  };
  const lock = await store.acquireLock(environment, holder, 600_000);
  if (lock.kind !== 'acquired') throw new Error(`${environment} is held`);
  const parts = { environment, epoch: lock.epoch, deployment: environment };
  const journal = createJournal({ store, ...parts, state: new Map(), redactor: createRedactor([]) });
  const begun = performance.now();
  const result = await execute({
    plan: { steps: items.map(stepOf), limits: { overall: slots, providers: {}, types: {} }, onFailure: 'stop' },
    journal,
    handlers: new Proxy({} as StepHandlers, { get: () => sleeper }),
    resolve: (value) => value,
    callContext: (_, signal, log) => ({
      signal,
      log,
      directory: '',
      stateDirectory: '',
      environment,
      platform: {},
      epoch: lock.epoch,
    }),
    classify: () => 'permanent',
    token: (id) => id,
  });
  if (result.status !== 'completed') throw new Error(`${environment} ended as ${result.status}`);
  return performance.now() - begun;
}

/** The same items in waves: whatever has level n + 1 needs everything of level n. */
export function inWaves(items: readonly ScheduleItem[]): ScheduleItem[] {
  const index = indexNeeds(items);
  const wave = new Int32Array(items.length).fill(1);
  for (const at of index.order) {
    for (let e = index.start[at]!; e < index.start[at + 1]!; e++) {
      wave[index.dependents[e]!] = Math.max(wave[index.dependents[e]!]!, wave[at]! + 1);
    }
  }
  const highest = Math.max(...wave);
  const barriers = Array.from({ length: highest }, (_, at) => ({
    id: `barrier ${at + 1}`,
    needs: items.filter((_, n) => wave[n] === at + 1).map(({ id }) => id),
    durationMs: 0,
  }));
  const held = items.map((item, n) => ({ ...item, needs: wave[n] === 1 ? [] : [`barrier ${wave[n]! - 1}`] }));
  return [...held, ...barriers];
}

function stepOf(item: ScheduleItem): Step {
  return {
    id: item.id,
    subject: `resource:${item.id}`,
    action: 'record',
    input: { removes: [], puts: [] },
    needs: [...item.needs],
    wave: 1,
    estimateMs: item.durationMs,
    timeoutMs: 600_000,
    retries: 0,
    provider: 'bench',
    type: 'bench:sleep',
  };
}
