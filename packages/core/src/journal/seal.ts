import { createHmac } from 'node:crypto';

/**
 * Seals are keyed hashes (HMAC-SHA-256, hex) over what a chain alone can't prove: where it ends and that
 * it exists. Who can write the database but not read the key can't make one.
 */
function seal(key: Uint8Array, parts: readonly (string | number)[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex');
}

/** Seals the end of an environment's chain. */
export function sealHead(key: Uint8Array, environment: string, seq: number, hash: string): string {
  return seal(key, ['slipway journal head', environment, seq, hash]);
}

/** Seals which environments have a journal at all, so that none can vanish whole. */
export function sealRegister(key: Uint8Array, environments: readonly string[]): string {
  return seal(key, ['slipway journal register', ...environments.toSorted()]);
}

/** Tells a key from others without telling what it is. */
export function markOf(key: Uint8Array): string {
  return seal(key, ['slipway journal key']);
}
