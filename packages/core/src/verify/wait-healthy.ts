import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthCheck } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { ProbeResult } from '../provider/contract.ts';

export interface HealthWait {
  /** What is probed, for the error: a revision or a URL. */
  subject: string;
  health: HealthCheck;
  probe: () => Promise<ProbeResult>;
  signal: AbortSignal;
  /** Each probe's result as a line for people. */
  log: (line: string) => void;
}

/** What doesn't answer yet is probed again after so long, in ms; then after twice as long, up to the interval. */
const SOON_MS = 100;

/**
 * Probes until `healthyAfter` probes in a row were healthy, one an interval; sooner only while none was answered yet,
 * so that nobody waits an interval for what starts in a moment. Throws `unhealthy`, with the last reason, when that
 * takes longer than the check's deadline. Changes nothing: safe to repeat.
 */
export async function waitHealthy(wait: HealthWait): Promise<{ probes: number }> {
  const { health, signal } = wait;
  const deadline = performance.now() + health.deadlineMs;
  let inARow = 0;
  let pauseMs = Math.min(SOON_MS, health.intervalMs);
  let reason = 'no probe was answered';
  for (let probes = 1; ; probes++) {
    const result = await wait.probe();
    signal.throwIfAborted();
    if (result.kind === 'healthy') {
      inARow++;
      pauseMs = health.intervalMs;
      wait.log(`healthy, ${inARow} of ${health.healthyAfter}`);
      if (inARow >= health.healthyAfter) return { probes };
    } else {
      inARow = 0;
      // The same words over and over would bury what was said before.
      if (result.reason !== reason) wait.log(`not healthy yet: ${result.reason.replaceAll('\n', '; ')}`);
      reason = result.reason;
    }
    if (performance.now() + pauseMs > deadline) throw unhealthy(wait, probes, reason);
    await sleep(pauseMs, undefined, { signal });
    pauseMs = Math.min(pauseMs * 2, health.intervalMs);
  }
}

function unhealthy({ subject, health }: HealthWait, probes: number, reason: string): SlipwayError {
  const seconds = Math.round(health.deadlineMs / 100) / 10;
  return new SlipwayError(
    'unhealthy',
    `${subject} did not become healthy within ${seconds} s (${probes} probes). Last: ${reason}`,
    {
      subject,
      hint: `See what it says: slipway logs ${subject.split('/')[0]}. A slow start needs a longer health.deadline.`,
      details: { effect: 'none' },
    },
  );
}
