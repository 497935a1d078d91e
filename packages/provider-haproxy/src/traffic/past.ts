import { readFile, rename, writeFile } from 'node:fs/promises';
import type { RowCounts, ServiceCounts } from './counts.ts';

/** What was counted by what is gone or leaves: servers that were removed and workers that a reload replaced. */
export interface Past {
  /** Of which run of HAProxy: counts start anew with another. */
  run: string;
  services: Record<string, ServiceCounts>;
  /** By worker (pid) that leaves, as it was seen last, and by service. */
  leaving: Record<string, Record<string, ServiceCounts>>;
  /** Counts of servers that are there (pid/backend/server) as far as they are in `services`. */
  kept: Record<string, RowCounts>;
}

const KEPT_REVISIONS = 20;

export const emptyPast = (run: string): Past => ({ run, services: {}, leaving: {}, kept: {} });

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
  const kept: Past = { ...past, services: Object.fromEntries(services) };
  // Several commands may look at once, and each leaves a whole file.
  const beside = `${file}.${process.pid}.new`;
  await writeFile(beside, JSON.stringify(kept), { mode: 0o600 });
  await rename(beside, file);
}
