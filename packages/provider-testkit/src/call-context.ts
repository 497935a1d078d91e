import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallContext } from '@slipway/core/provider';

export interface TestPlace {
  context: CallContext;
  /** What the provider logged, oldest first. */
  log: string[];
  /** The same place for a call that may be aborted. */
  with(signal: AbortSignal): CallContext;
  /** Removes the folders. */
  close(): Promise<void>;
}

/** A project's folder, empty and temporary, and the context of calls in it. */
export async function openTestPlace(platform: CallContext['platform'] = { use: 'none' }): Promise<TestPlace> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-place-'));
  const stateDirectory = join(directory, '.slipway');
  await mkdir(stateDirectory);
  const log: string[] = [];
  const context: CallContext = {
    signal: new AbortController().signal,
    directory,
    stateDirectory,
    environment: 'test',
    platform,
    epoch: 1,
    log: (line) => log.push(line),
  };
  return {
    context,
    log,
    with: (signal) => ({ ...context, signal }),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
