import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Host } from '../options.ts';

/** A key of a host as its server sent it: type and the whole blob (RFC 4253, 6.6). */
export interface HostKey {
  type: string;
  blob: Buffer;
}

/** What is known of a host before it is asked. */
export interface KnownKeys {
  accepted: HostKey[];
  revoked: HostKey[];
  /** Pinned `SHA256:...`. */
  fingerprint?: string;
}

export type HostKeyVerdict = 'trusted' | 'unknown' | 'changed' | 'revoked';

/** The fingerprint as `ssh-keygen -l` shows it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The type of a key stands first in its blob, after its length. */
export function hostKeyOf(blob: Buffer): HostKey {
  return { type: blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1'), blob };
}

/** Whether the key that a host showed is the one that is known of it. A revoked key is never trusted, pinned or not. */
export function judgeHostKey(known: KnownKeys, seen: Buffer): HostKeyVerdict {
  if (known.revoked.some(({ blob }) => blob.equals(seen))) return 'revoked';
  if (known.fingerprint !== undefined) {
    return known.fingerprint.replace(/=+$/, '') === fingerprintOf(seen) ? 'trusted' : 'changed';
  }
  if (known.accepted.some(({ blob }) => blob.equals(seen))) return 'trusted';
  return known.accepted.length === 0 ? 'unknown' : 'changed';
}

/** The pinned key or, without one, those of the known_hosts files; what is revoked there counts in both cases. */
export async function readKnownKeys(host: Host, files: readonly string[]): Promise<KnownKeys> {
  const found: KnownKeys = { accepted: [], revoked: [] };
  for (const file of files) {
    const listed = parseKnownHosts(await readQuietly(file), host);
    found.accepted.push(...listed.accepted);
    found.revoked.push(...listed.revoked);
  }
  if (host.hostKey === undefined) return found;
  if (host.hostKey.startsWith('SHA256:')) return { ...found, accepted: [], fingerprint: host.hostKey };
  const [, encoded = ''] = host.hostKey.trim().split(/\s+/);
  return { ...found, accepted: readKeys([encoded]) };
}

/**
 * The keys that a known_hosts file lists for a host: plain, hashed and pattern names, `[name]:port`, negation and
 * `@revoked`; lines with `@cert-authority` are passed over. (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.)
 */
export function parseKnownHosts(text: string, { address, port }: Pick<Host, 'address' | 'port'>): KnownKeys {
  const name = port === 22 ? address : `[${address}]:${port}`;
  const found: KnownKeys = { accepted: [], revoked: [] };
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
    const [names = '', , encoded = ''] = fields;
    if (names === '' || names.startsWith('#') || !isNamed(names, name)) continue;
    const keys = readKeys([encoded]);
    if (marker === undefined) found.accepted.push(...keys);
    else if (marker === '@revoked') found.revoked.push(...keys);
  }
  return found;
}

function isNamed(names: string, name: string): boolean {
  if (names.startsWith('|1|')) {
    const [, , salt = '', hash = ''] = names.split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const patterns = names.split(',');
  const excluded = patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1), name));
  return !excluded && patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern, name));
}

function fits(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(name);
}

function readKeys(encoded: readonly string[]): HostKey[] {
  return encoded
    .map((one) => Buffer.from(one, 'base64'))
    .filter((blob) => blob.length > 4 && blob.readUInt32BE(0) <= blob.length - 4)
    .map(hostKeyOf);
}

async function readQuietly(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}
