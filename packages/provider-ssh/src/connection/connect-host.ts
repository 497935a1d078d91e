import { readFile, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { SlipwayError, sha256 } from '@slipway/core/provider';
import type { AnyAuthMethod, Client, ConnectConfig, ParsedKey, ServerHostKeyAlgorithm } from 'ssh2';
import { distrusted, loginRefused, unreachable } from '../errors.ts';
import type { Fleet, Host } from '../options.ts';
import { judgeHostKey, type KnownKeys, readKnownKeys } from './host-keys.ts';

/** How a host with a key of this type signs, the strongest first (RFC 8332). */
const SIGNATURES: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

const ALL: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

export interface Login {
  client: Client;
  socket: Socket;
}

/**
 * Connects and logs in, within the fleet's time for it. The host's key is looked at before anything is sent.
 * Throws `host-unreachable`, `host-key-unknown`, `host-key-changed`, `host-key-revoked`, `host-login-refused` and
 * `key-unreadable`.
 */
export async function connectHost(host: Host, fleet: Fleet): Promise<Login> {
  const [known, credentials, { default: ssh2 }] = await Promise.all([
    readKnownKeys(host, fleet.knownHosts),
    readCredentials(host, fleet),
    import('ssh2'),
  ]);
  const deadline = AbortSignal.timeout(fleet.connectTimeoutMs);
  const socket = await openSocket(host, fleet, deadline);
  const client = new ssh2.Client();
  let distrust: SlipwayError | undefined;
  return await new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      socket.destroy();
      reject(distrust ?? error);
    };
    const late = () => fail(unreachable(host, `no login within ${fleet.connectTimeoutMs} ms`, 'none'));
    deadline.addEventListener('abort', late, { once: true });
    client.once('ready', () => {
      deadline.removeEventListener('abort', late);
      resolve({ client, socket });
    });
    client.on('error', (error) => fail(explain(host, error, credentials.offered)));
    client.once('close', () => fail(unreachable(host, 'it closed the connection', 'none')));
    client.connect({
      sock: socket,
      username: host.user,
      ...credentials.login,
      readyTimeout: fleet.connectTimeoutMs,
      algorithms: { serverHostKey: algorithmsFor(known) },
      hostVerifier: (seen: Buffer) => {
        const verdict = judgeHostKey(known, seen);
        if (verdict !== 'trusted') distrust = distrusted(host, verdict, seen);
        return verdict === 'trusted';
      },
    });
  });
}

/** A host may have keys of several types: asked first for the types that are known, it doesn't seem a stranger. */
function algorithmsFor({ accepted }: KnownKeys): ServerHostKeyAlgorithm[] {
  const types = new Set(accepted.map(({ type }) => type));
  const known = ALL.filter((one) => [...types].some((type) => (SIGNATURES[type] ?? [type]).includes(one)));
  return [...known, ...ALL.filter((one) => !known.includes(one))];
}

function openSocket(host: Host, { connectTimeoutMs }: Fleet, deadline: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host.address, port: host.port, noDelay: true });
    const late = () => {
      socket.destroy();
      reject(unreachable(host, `no answer within ${connectTimeoutMs} ms`, 'none'));
    };
    deadline.addEventListener('abort', late, { once: true });
    socket.once('error', (error) => reject(unreachable(host, error, 'none')));
    socket.once('connect', () => {
      deadline.removeEventListener('abort', late);
      resolve(socket);
    });
  });
}

function explain(host: Host, error: Error & { level?: string }, offered: string): SlipwayError {
  if (error.level === 'agent') {
    const hint = 'Check `SSH_AUTH_SOCK` and that the agent runs (`ssh-add -l`), or set `key`.';
    return unreadable(`The agent (SSH_AUTH_SOCK) can't be asked: ${error.message}.`, hint, error);
  }
  if (error.level === 'client-authentication') return loginRefused(host, error, offered);
  return unreachable(host, error, 'none');
}

interface Credentials {
  login: Pick<ConnectConfig, 'authHandler' | 'agent'>;
  /** For people: what the host was offered. */
  offered: string;
}

async function readCredentials({ user }: Host, { login }: Fleet): Promise<Credentials> {
  const { keyFile, passphrase, agent } = login;
  if (keyFile === undefined) {
    if (agent !== undefined) return { login: { agent }, offered: 'the keys of the agent' };
    throw unreadable(`There is no key to log in as ${user} with.`, 'Set `key`, or run an agent (`SSH_AUTH_SOCK`).');
  }
  await refuseOpenKey(keyFile);
  const privateKey = await readFile(keyFile).catch((cause) => {
    throw unreadable(`The key ${keyFile} can't be read.`, 'Check `key` and the rights of the file.', cause);
  });
  const parsed = await openKey(privateKey, passphrase);
  if (parsed instanceof Error) {
    throw unreadable(`The key ${keyFile} is of no use: ${parsed.message}.`, 'Check the file and `passphrase`.');
  }
  const methods: AnyAuthMethod[] = [{ type: 'publickey', username: user, key: parsed }];
  return { login: { authHandler: methods }, offered: `the key ${keyFile}` };
}

const opened = new Map<string, ParsedKey>();

/** A passphrase takes seconds of work, by intention: it is done once and not for each host. */
async function openKey(content: Buffer, passphrase: string | undefined): Promise<ParsedKey | Error> {
  const { default: ssh2 } = await import('ssh2');
  const name = sha256(JSON.stringify([content.toString('base64'), passphrase]));
  const key = opened.get(name) ?? ssh2.utils.parseKey(content, passphrase);
  if (!(key instanceof Error)) opened.set(name, key);
  return key;
}

/** As ssh does: one's own key that others may read is a key that others may have. */
async function refuseOpenKey(keyFile: string): Promise<void> {
  const found = await stat(keyFile).catch(() => undefined); // Reading it tells why.
  const isOwn = found !== undefined && process.platform !== 'win32' && found.uid === process.getuid?.();
  if (!isOwn || (found.mode & 0o077) === 0) return;
  const mode = (found.mode & 0o777).toString(8);
  throw unreadable(`The key ${keyFile} is open to others (mode ${mode}).`, `\`chmod 600 ${keyFile}\`.`);
}

function unreadable(message: string, hint: string, cause?: unknown): SlipwayError {
  return new SlipwayError('key-unreadable', message, { hint, details: { effect: 'none' }, cause });
}
