import type { DeploymentStatus } from '../journal/event.ts';
import { isHeld } from '../journal/lock-keeper.ts';
import type { ControlRequest, DeploymentHeader } from '../journal/store.ts';
import type { LeftWish } from '../slipway-api.ts';
import { currentUser } from './current-user.ts';
import { isOpen } from './is-open.ts';
import type { Workspace } from './workspace.ts';

/** Stopped, and can go on. */
const STOPPED: readonly DeploymentStatus[] = ['cancelled', 'timed_out'];

/**
 * Leaves a person's wish for the process that runs the deployment or, where none does, for the next one that takes it
 * up. A cancel is for a running process alone; what is over is left alone.
 */
export async function leaveWish(
  { store }: Workspace,
  header: DeploymentHeader,
  what: ControlRequest['what'],
  reason?: string,
): Promise<LeftWish> {
  const { environment } = header;
  const [lock, [newest]] = await Promise.all([
    store.readLock(environment),
    store.deployments({ environment, limit: 1 }),
  ]);
  const held = lock && isHeld(lock) ? lock : undefined;
  const running = isOpen(header) && held !== undefined;
  const isLast = newest === undefined || newest.id === header.id || newest.rollbackOf === header.id;
  const waits = !running && what !== 'cancel' && (isOpen(header) || STOPPED.includes(header.status));
  const left = waits && isLast;
  if (running || left) {
    const request = { deployment: header.id, what, by: currentUser(), at: new Date().toISOString() };
    await store.request(reason === undefined ? request : { ...request, reason });
  }
  return {
    deployment: header.id,
    running,
    ...(left ? { left } : {}),
    ...(isLast ? {} : { supersededBy: newest.id }),
    ...(held && newest?.endedAt !== null ? { heldBy: held } : {}),
  };
}
