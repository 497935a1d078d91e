import { SlipwayError } from '../errors.ts';
import { foldPast } from '../execute/past.ts';
import type { JournalEvent } from '../journal/event.ts';
import { DeploymentRun, type RunParts } from './deployment-run.ts';
import { inDoubt, stoppedWhileSettling } from './in-doubt.ts';
import { isOpen } from './is-open.ts';
import { planMissing } from './make-plan.ts';
import { readAllEvents } from './read-events.ts';

/** True when some step's effect is not known: stopped before it could be asked about, or nothing could tell. */
function hasDoubts(past: readonly JournalEvent[]): boolean {
  return foldPast(past)
    .values()
    .some(({ standing }) => standing === 'in-doubt' || standing === 'unknown');
}

/**
 * Before anything new begins: what a killed run left in doubt is settled, so that nothing is orphaned or done
 * twice, and that run is ended. Throws `in-doubt` when a person must look first, and `rollback-unfinished`
 * when the environment is between two states.
 */
export async function settleUnfinished(parts: Omit<RunParts, 'plan'>, environment: string): Promise<void> {
  const { store } = parts.workspace;
  const [newest] = await store.deployments({ environment, limit: 1 });
  if (!newest) return;
  const goesBack = newest.rollbackOf === null ? undefined : await store.deployment(newest.rollbackOf);
  if (
    newest.status === 'rolling_back' ||
    goesBack?.status === 'rolling_back' ||
    (newest.kind === 'rollback' && isOpen(newest))
  ) {
    throw new SlipwayError(
      'rollback-unfinished',
      `The rollback of ${newest.rollbackOf ?? newest.id} was interrupted.`,
      {
        subject: newest.id,
        hint: 'Finish it first: slipway resume.',
      },
    );
  }
  if (newest.status === 'completed' || newest.status === 'rolled_back') return;
  const past = await readAllEvents(store, { environment, deployment: newest.id });
  if (!isOpen(newest) && !hasDoubts(past)) return;
  const plan = await store.plan(newest.plan);
  if (!plan) throw planMissing(newest.id);
  const run = await DeploymentRun.takeUp({ ...parts, plan }, newest);
  const result = await run.execute({ past, settleOnly: true });
  if (parts.options.kill?.aborted) throw stoppedWhileSettling(newest);
  if (result.unknown.length > 0) {
    const error = inDoubt(result);
    await run.end('failed', { code: error.code, message: error.message, hint: error.hint! });
    throw error;
  }
  if (result.status === 'cancelled') {
    const error = stoppedWhileSettling(newest);
    await run.end('cancelled', { code: error.code, message: error.message, hint: error.hint! });
    throw error;
  }
  await run.end('failed', {
    code: 'interrupted',
    message: 'It was interrupted; what it had begun was settled before something else began.',
  });
}
