import { linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { equalJson, livenessOf } from '@slipway/core/provider';
import type { Place } from '../place.ts';
import { claimKnown, type KnownProcess, readKnown } from './known-process.ts';

/** Longer than anybody tries to start HAProxy: who held the right for longer was there before a restart of the machine. */
const HELD_AT_MOST_MS = 30_000;

/** Takes the right to start HAProxy or its keeper; false while another command that lives has it. */
export function mayStart({ starting }: Place): boolean {
  if (claimKnown(starting)) return true;
  const holder = readKnown(starting);
  if (holder && hasGone(starting, holder)) takeAside(starting, holder);
  return false;
}

export function hasStarted({ starting }: Place): void {
  rmSync(starting, { force: true });
}

function hasGone(file: string, { pid, start }: KnownProcess): boolean {
  const liveness = livenessOf(pid, start);
  if (liveness !== 'unknown') return liveness === 'dead';
  const since = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - since > HELD_AT_MOST_MS;
}

/** Of all who find that its holder is gone one alone gets the file; one that came too late has somebody else's. */
function takeAside(file: string, gone: KnownProcess): void {
  const aside = `${file}.${process.pid}.gone`;
  try {
    renameSync(file, aside);
    if (!equalJson(readKnown(aside), gone)) linkSync(aside, file);
  } catch {
    // Another was faster.
  }
  rmSync(aside, { force: true });
}
