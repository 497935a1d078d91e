import { acquireEnvironmentLock, type HeldLock } from '../journal/lock-keeper.ts';
import type { RunOptions, SlipwayEvent } from '../slipway-api.ts';
import { withoutSecrets } from './without-secrets.ts';
import type { Workspace } from './workspace.ts';

/**
 * Does something as the environment's one writer. Planning belongs inside: nothing can move between what
 * a person is shown and what is applied. Throws `lock-held`.
 */
export async function underLock<T>(
  workspace: Workspace,
  environment: string,
  options: Pick<RunOptions, 'waitForLockMs' | 'command' | 'signal'>,
  emit: (event: SlipwayEvent) => void,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  const lock = await acquireEnvironmentLock({
    store: workspace.store,
    environment,
    command: options.command ?? 'slipway',
    waitMs: options.waitForLockMs ?? 0,
    ...(options.signal ? { signal: options.signal } : {}),
    onWaiting: (holder) => emit({ kind: 'waiting-for-lock', holder }),
  });
  try {
    return await work(lock);
  } catch (error) {
    throw withoutSecrets(error, workspace.redactor);
  } finally {
    await lock.release();
  }
}
