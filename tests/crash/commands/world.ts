import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** One thing that a command did to the outside world. */
export interface Effect {
  action: 'create' | 'update' | 'delete';
  name: string;
  token: string;
  value: number;
  /** When, in ns; coarse: two of one moment may be equal. */
  at: bigint;
}

/** Everything that was done, oldest first. */
export function readEffects(directory: string): Effect[] {
  const ledger = join(directory, 'ledger');
  const effects = readdirSync(ledger).map((file): Effect => {
    const [action, name, token, value] = file.split(',') as [Effect['action'], string, string, string];
    return { action, name, token, value: Number(value), at: statSync(join(ledger, file), { bigint: true }).mtimeNs };
  });
  return effects.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** What was done a second time. */
export function readRepetitions(directory: string): string[] {
  return readdirSync(join(directory, 'twice'));
}

/** What exists: created and not deleted. */
export function livingThings(effects: readonly Effect[]): Effect[] {
  const deleted = new Set(effects.filter(({ action }) => action === 'delete').map(({ token }) => token));
  return effects.filter(({ action, token }) => action === 'create' && !deleted.has(token));
}
