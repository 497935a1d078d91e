const last = new Map<string, Promise<unknown>>();

/**
 * Runs what has the same key one after the other, within this process: services are deployed side by side and share
 * one HAProxy, whose config is read, changed and written as a whole. What was aborted while it waited isn't begun.
 */
export async function inTurn<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const begin = async () => {
    signal.throwIfAborted();
    return await work();
  };
  const mine = (last.get(key) ?? Promise.resolve()).then(begin, begin);
  last.set(key, mine);
  try {
    return await mine;
  } finally {
    if (last.get(key) === mine) last.delete(key);
  }
}
