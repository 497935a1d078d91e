import { readFile, rename, writeFile } from 'node:fs/promises';
import type { BackendAccount } from './account.ts';
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
  /** By worker (pid) and its backends: how what HAProxy answered itself is divided. */
  accounts: Record<string, Record<string, BackendAccount>>;
}

const KEPT_REVISIONS = 20;

export const emptyPast = (run: string): Past => ({ run, services: {}, leaving: {}, kept: {}, accounts: {} });

/**
 * Changes what is kept. Where another command changed it meanwhile all is done once more, by what is kept then: what was
 * divided once is never divided in another way.
 */
export async function changePast<T>(
  file: string,
  change: (past: Past) => Promise<{ past: Past; result: T }>,
): Promise<T> {
  for (;;) {
    const before = await readText(file);
    const { past, result } = await change(pastIn(before));
    const after = JSON.stringify(past);
    if (after === before) return result;
    if ((await readText(file)) !== before) continue;
    await write(file, past);
    return result;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Earlier versions kept no accounts. */
function pastIn(text: string): Past {
  return text === ''
    ? emptyPast('')
    : { accounts: {}, ...(JSON.parse(text) as Omit<Past, 'accounts'> & Partial<Past>) };
}

/** Old revisions are forgotten. */
async function write(file: string, past: Past): Promise<void> {
  const services = Object.entries(past.services).map(
    ([service, counts]) => [service, Object.fromEntries(Object.entries(counts).slice(-KEPT_REVISIONS))] as const,
  );
  const kept: Past = { ...past, services: Object.fromEntries(services) };
  // Several commands may look at once, and each leaves a whole file.
  const beside = `${file}.${process.pid}.new`;
  await writeFile(beside, JSON.stringify(kept), { mode: 0o600 });
  await rename(beside, file);
}
