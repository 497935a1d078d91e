import { watch } from 'node:fs';

/** Listens to the write-ahead log of a state file: every transaction of any process grows or rewrites it. */
export function watchWrites(file: string, listener: () => void): () => void {
  try {
    const watcher = watch(`${file}-wal`, { persistent: false }, () => listener());
    // What can't be watched any more (out of handles, a log that went) is looked at as without.
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}
