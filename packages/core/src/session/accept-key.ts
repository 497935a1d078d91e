import { SlipwayError } from '../errors.ts';
import { isDeploying, isHeld, lockHeld } from '../journal/lock-keeper.ts';
import { currentUser } from './current-user.ts';
import type { Workspace } from './workspace.ts';

/**
 * Goes on with a new key after the old one was lost; it is put down in the journal of every environment. What
 * was hashed with the old key can't be compared any more: every secret counts as changed. Safe to repeat.
 * Returns the environments, none when the key is the right one. Throws `lock-held` while somebody deploys,
 * `journal-tampered` when the journal isn't whole.
 */
export async function acceptKey(workspace: Workspace): Promise<string[]> {
  if (!(await isKeyLost(workspace))) return [];
  for (const environment of await workspace.store.environments()) {
    const lock = await workspace.store.readLock(environment);
    if (lock && isHeld(lock)) throw lockHeld(lock, await isDeploying(workspace.store, environment));
  }
  const store = await workspace.openWithNewKey();
  try {
    return await store.acceptKey(currentUser());
  } finally {
    await store.close();
  }
}

async function isKeyLost({ store }: Workspace): Promise<boolean> {
  return await store.requireKey().then(
    () => false,
    (error: unknown) => {
      if (error instanceof SlipwayError) return true;
      throw error;
    },
  );
}
