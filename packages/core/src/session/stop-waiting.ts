import { describeError, SlipwayError } from '../errors.ts';
import { isHeld } from '../journal/lock-keeper.ts';
import type { DeploymentHeader } from '../journal/store.ts';
import type { RollbackOptions } from '../slipway-api.ts';
import { leaveWish } from './leave-wish.ts';
import { makeRollbackPlan, planMissing, planToTakeBack } from './make-plan.ts';
import { requireDeployment } from './read-report.ts';
import { requireAgreement } from './require-agreement.ts';
import type { Workspace } from './workspace.ts';

/**
 * A gate never blocks the way back: what waits for a person, in a process that lives, is told to take itself back.
 * Only once what was asked for is known to be possible, and was agreed to. Returns what was told so; undefined: nothing
 * waits. Throws what {@link makeRollbackPlan} throws, and `not-confirmed`; then nothing was told.
 */
export async function stopWaiting(workspace: Workspace, options: RollbackOptions): Promise<string | undefined> {
  const { store } = workspace;
  const environment = await workspace.environment();
  const [[newest], lock] = await Promise.all([
    store.deployments({ environment, limit: 1 }),
    store.readLock(environment),
  ]);
  if (newest?.status !== 'waiting' || lock === undefined || !isHeld(lock)) return undefined;
  // What it created is gone before the plan that counts is made: no guard on that may refuse anything now.
  if (!endsWithIt(options)) await makeRollbackPlan(workspace, { ...options, isAutomatic: true });
  await requireAgreement(await itsWayBack(workspace, newest), options, newest.id);
  // It may have ended while the person thought.
  const now = await requireDeployment(store, newest.id);
  return (await leaveWish(workspace, now, 'abort')).running ? newest.id : undefined;
}

/** True when nothing is wished beyond that the newest deployment takes itself back. */
export function endsWithIt({ to, only }: RollbackOptions): boolean {
  return to === undefined && only === undefined;
}

/** What a way back that waits will do is what it does anyway. */
async function itsWayBack(workspace: Workspace, header: DeploymentHeader) {
  if (header.kind !== 'rollback') return await planToTakeBack(workspace, header);
  const plan = await workspace.store.plan(header.plan);
  if (!plan) throw planMissing(header.id);
  return plan;
}

/** Does what follows on {@link stopWaiting}: when it fails, the error says that the deployment was stopped all the same. */
export async function havingStopped<T>(
  id: string,
  { signal }: Pick<RollbackOptions, 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const told = `${id} was told to stop and to take back what it did.`;
    const { code, message, subject = id, hint = `See slipway show ${id}.` } = describeError(error);
    const known = error instanceof SlipwayError ? error : undefined;
    const wasRefused = code === 'not-confirmed';
    const options = {
      subject,
      hint,
      cause: error,
      retryable: known?.retryable ?? false,
      details: known?.details ?? {},
    };
    if (signal?.aborted && (!known || wasRefused))
      throw new SlipwayError('interrupted', `Stopped; nothing else was begun. ${told}`, options);
    throw new SlipwayError(code, `${wasRefused ? 'Nothing else was changed.' : message}\n${told}`, options);
  }
}
