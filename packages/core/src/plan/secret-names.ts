import { findReferences } from '../config/references.ts';
import type { JsonValue } from '../json.ts';
import type { SecretHashes } from '../state/record.ts';

/** Gives a secret's keyed hash; throws `secret-missing`. */
export type HashSecret = (name: string, subject: string) => string;

/** The keyed hashes of every secret that a value names. */
export function hashSecrets(value: JsonValue, hash: HashSecret, subject: string): SecretHashes {
  const hashes: SecretHashes = {};
  for (const reference of findReferences(value)) {
    if (reference.kind === 'secret') hashes[reference.name] ??= hash(reference.name, subject);
  }
  return hashes;
}

/** Names of secrets that both know and whose values differ. */
export function changedSecrets(before: SecretHashes, after: SecretHashes): string[] {
  return Object.keys(after).filter((name) => before[name] !== undefined && before[name] !== after[name]);
}
