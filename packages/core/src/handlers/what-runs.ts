import { nameOf } from '../address.ts';
import type { StepContext } from '../execute/handler.ts';
import type { Step } from '../plan/step.ts';
import type { RunningRevision } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';

/** What the step's platform has of a revision now; undefined: nothing. */
export async function whatRuns(
  registry: ProviderRegistry,
  step: Pick<Step, 'type' | 'subject'>,
  context: StepContext,
  revision: string,
): Promise<RunningRevision | undefined> {
  const service = nameOf(step.subject);
  const listed = await registry.requirePlatform(step.type, step.subject).list(context.call);
  return listed.find((one) => one.service === service && one.revision === revision);
}

/** Numbers of its instances that run, those that are being ended left out. */
export function slotsRunning({ slots, instances }: RunningRevision): number[] {
  return slots ?? (instances > 0 ? [0] : []);
}
