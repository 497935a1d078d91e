import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { execute } from '../../src/execute/executor.ts';
import type { StepContext } from '../../src/execute/handler.ts';
import type { Step } from '../../src/plan/step.ts';
import { Outside, optionsFor, step } from './outside.ts';

const NOTHING = { changes: [] };
const waits = (id: string, needs: string[] = [], until?: string[]): Step => ({
  ...step(id, needs, until ? { until } : {}),
  action: 'watch',
  input: { revision: 'r', stable: null, baseline: null, analysis: {} as never },
});
const stopped = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

/** What waits does so until it is over or told to stop; what is named `bad` fails after a moment. */
async function run({ id }: Step, { signal, over }: StepContext) {
  if (id === 'bad') {
    await sleep(10);
    throw new Error('bad');
  }
  if (!id.startsWith('wait')) return NOTHING;
  const ended = new Promise<void>((resolve) => over.addEventListener('abort', () => resolve(), { once: true }));
  await (over.aborted ? undefined : Promise.race([ended, stopped(signal)]));
  return NOTHING;
}
const settle = async () => ({ as: 'not-done', how: 'it only waited' }) as const;
const behaviour = { run, settle };

describe('a step that waits', () => {
  it('takes no slot of the limits, and ends when all that it goes on beside is done', async () => {
    const steps = [waits('wait', [], ['b']), waits('wait too', [], ['a']), step('a'), step('b', ['a'])];
    const limits = { overall: 1, providers: {}, types: {} };
    const { status } = await execute(optionsFor(steps, new Outside(), { behaviour, plan: { limits } }));
    expect(status).toBe('completed');
  });

  it.each(['stop', 'rollback'] as const)(
    'is ended at once when another fails and the policy is %s',
    async (onFailure) => {
      const steps = [waits('wait', [], ['b']), step('bad'), step('b', ['bad'])];
      const result = await execute(optionsFor(steps, new Outside(), { behaviour, plan: { onFailure } }));
      expect(result.status).toBe('failed');
      expect(Object.fromEntries(result.steps)).toEqual({ wait: 'cancelled', bad: 'failed', b: 'pending' });
    },
  );

  it('ends with the rollout that it goes on beside, where other branches go on', async () => {
    const steps = [waits('wait', [], ['b']), step('bad'), step('b', ['bad']), step('c')];
    const result = await execute(optionsFor(steps, new Outside(), { behaviour, plan: { onFailure: 'continue' } }));
    expect(Object.fromEntries(result.steps)).toEqual({
      wait: 'cancelled',
      bad: 'failed',
      b: 'skipped',
      c: 'succeeded',
    });
  });
});
