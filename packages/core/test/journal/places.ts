import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorePlace } from '@slipway/provider-testkit';
import { onTestFinished } from 'vitest';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';

export const KEY = new Uint8Array(32).fill(7);

/** A directory for the running test, removed after it. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-journal-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function makeSqlitePlace(): Promise<StorePlace> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-store-'));
  const file = join(directory, 'state.db');
  return {
    open: (options = {}) => openSqliteStore({ file, key: KEY, ...options }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
