import { readFile, rename, writeFile } from 'node:fs/promises';
import type { ServiceCounts } from './counts.ts';

/** What was counted by what is gone or leaves: servers that were removed and workers that a reload replaced. */
export interface Past {
  /** Of which run of HAProxy: counts start anew with another. */
  run: string;
  services: Record<string, ServiceCounts>;
  /** By worker (pid) that leaves, as it was seen last, and by service. */
  leaving: Record<string, Record<string, ServiceCounts>>;
  /** Servers (pid/backend/server) whose counts are in `services`. */
  removed: string[];
}

const KEPT_REVISIONS = 20;
const KEPT_MARKS = 200;

export const emptyPast = (run: string): Past => ({ run, services: {}, leaving: {}, removed: [] });

export async function readPast(file: string): Promise<Past> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Past;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return emptyPast('');
    throw error;
  }
}

/** Old revisions are forgotten. */
export async function writePast(file: string, past: Past): Promise<void> {
  const services = Object.entries(past.services).map(
    ([service, counts]) => [service, Object.fromEntries(Object.entries(counts).slice(-KEPT_REVISIONS))] as const,
  );
  const kept: Past = { ...past, services: Object.fromEntries(services), removed: past.removed.slice(-KEPT_MARKS) };
  // Several commands may look at once, and each leaves a whole file.
  const beside = `${file}.${process.pid}.new`;
  await writeFile(beside, JSON.stringify(kept), { mode: 0o600 });
  await rename(beside, file);
}
