import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fingerprintOf, judgeHostKey, parseKnownHosts, readKnownKeys } from '../src/connection/host-keys.ts';
import { fleetOf } from '../src/options.ts';

function makeKey(type = 'ssh-ed25519'): { blob: Buffer; line: string } {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  const blob = Buffer.concat([length, Buffer.from(type), randomBytes(36)]);
  return { blob, line: `${type} ${blob.toString('base64')}` };
}

const web = { address: 'web.example.org', port: 22 };
const key = makeKey();
const other = makeKey();
const blobs = (text: string, host = web) => parseKnownHosts(text, host).accepted.map(({ blob }) => blob);

describe('known_hosts', () => {
  test('names a host plainly, in a list, or by a pattern; negation takes it out', () => {
    expect(blobs(`# comment\n\nweb.example.org ${key.line} who@where\n`)).toEqual([key.blob]);
    expect(blobs(`10.0.0.1,WEB.example.org ${key.line}`)).toEqual([key.blob]);
    expect(blobs(`*.example.or? ${key.line}`)).toEqual([key.blob]);
    expect(blobs(`*.example.org,!web.example.org ${key.line}`)).toEqual([]);
    expect(blobs(`webxexample.org ${key.line}`)).toEqual([]);
  });

  test('names a host by a hash', () => {
    const salt = randomBytes(20);
    const hash = createHmac('sha1', salt).update(web.address).digest('base64');
    const line = `|1|${salt.toString('base64')}|${hash} ${key.line}`;
    expect(blobs(line)).toEqual([key.blob]);
    expect(blobs(line, { ...web, address: 'db.example.org' })).toEqual([]);
  });

  test('tells ports apart', () => {
    const text = `web.example.org ${key.line}\n[web.example.org]:2222 ${other.line}`;
    expect(blobs(text)).toEqual([key.blob]);
    expect(blobs(text, { ...web, port: 2222 })).toEqual([other.blob]);
  });

  test('keeps what is revoked apart, and passes over authorities and damaged lines', () => {
    const text = `@revoked web.example.org ${key.line}\n@cert-authority *.example.org ${other.line}\nweb.example.org ssh-ed25519 !!`;
    const known = parseKnownHosts(text, web);
    expect(known.revoked.map(({ blob }) => blob)).toEqual([key.blob]);
    expect(known.accepted).toEqual([]);
  });
});

describe('a key that a host shows', () => {
  const accepted = parseKnownHosts(`web.example.org ${key.line}`, web);

  test('is trusted, unknown, changed or revoked', () => {
    expect(judgeHostKey(accepted, key.blob)).toBe('trusted');
    expect(judgeHostKey(accepted, other.blob)).toBe('changed');
    expect(judgeHostKey({ accepted: [], revoked: [] }, key.blob)).toBe('unknown');
    expect(judgeHostKey({ ...accepted, revoked: accepted.accepted }, key.blob)).toBe('revoked');
  });

  test.each([key.line, fingerprintOf(key.blob)])('is held against the pinned one alone: %s', async (hostKey) => {
    const options = { platform: { use: 'ssh', hosts: [{ name: 'web', hostKey }] }, directory: '/' };
    const [host] = fleetOf(options).hosts;
    const known = await readKnownKeys(host!, ['/nowhere']);
    expect(judgeHostKey(known, key.blob)).toBe('trusted');
    expect(judgeHostKey(known, other.blob)).toBe('changed');
  });
});
