import { SlipwayError } from '@slipway/core/provider';
import { fingerprintOf, type HostKeyVerdict, hostKeyOf } from './connection/host-keys.ts';
import type { Host } from './options.ts';

/** The host as people know it. */
export const describeHost = ({ name, address, port }: Pick<Host, 'name' | 'address' | 'port'>) =>
  name === address && port === 22 ? name : `${name} (${address}${port === 22 ? '' : `, port ${port}`})`;

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
  ETIMEDOUT: 'it did not answer',
  ECONNRESET: 'the connection was broken off',
  EPIPE: 'the connection was broken off',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
};

/** The host can't be reached, or was lost in the middle of a call. May pass by itself. */
export function unreachable(host: Host, why: string | Error, effect?: 'none'): SlipwayError {
  const code = typeof why === 'string' ? '' : ((why as NodeJS.ErrnoException).code ?? '');
  const reason = typeof why === 'string' ? why : (NETWORK[code] ?? why.message);
  const check =
    code === 'ENOTFOUND'
      ? 'Check its `address` in the inventory'
      : `Check that it runs and that this machine can reach its port ${host.port}`;
  return new SlipwayError('host-unreachable', `The host ${describeHost(host)} cannot be reached: ${reason}.`, {
    subject: `host:${host.name}`,
    hint: `${check}; \`unreachable: {quorum: ...}\` lets a deployment go on without some hosts.`,
    retryable: true,
    details: { host: host.name, ...(effect === undefined ? {} : { effect }) },
    ...(typeof why === 'string' ? {} : { cause: why }),
  });
}

/** True of hosts that could not be reached; false of hosts that refused something. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof SlipwayError && error.code === 'host-unreachable';
}

/** The host's key isn't the one that is known, or none is known. Nothing was sent to it. */
export function distrusted(host: Host, verdict: Exclude<HostKeyVerdict, 'trusted'>, seen: Buffer): SlipwayError {
  const { type } = hostKeyOf(seen);
  const shown = `${type} ${fingerprintOf(seen)}`;
  const options = { subject: `host:${host.name}`, details: { effect: 'none', host: host.name } } as const;
  const whom = `The host ${describeHost(host)}`;
  if (verdict === 'revoked') {
    return new SlipwayError('host-key-revoked', `${whom} showed a key that is revoked: ${shown}.`, {
      ...options,
      hint: 'Do not use this host before it has a new key.',
    });
  }
  if (verdict === 'changed') {
    return new SlipwayError('host-key-changed', `${whom} showed another key than the known one: ${shown}.`, {
      ...options,
      hint: 'Somebody may stand in between. Only if the host was set up anew: put its new key into `hostKey` or known_hosts.',
    });
  }
  return new SlipwayError('host-key-unknown', `The key of ${describeHost(host)} is not known; it showed ${shown}.`, {
    ...options,
    hint: `Compare it with \`ssh-keygen -lf /etc/ssh/ssh_host_${type.replace('ssh-', '')}_key.pub\` on the host; then set \`hostKey: "${type} ${seen.toString('base64')}"\` or add it to known_hosts.`,
  });
}

/** The host let nobody in with what it was offered. */
export function loginRefused(host: Host, cause: Error, offered: string): SlipwayError {
  return new SlipwayError(
    'host-login-refused',
    `${describeHost(host)} refused the login of ${host.user} with ${offered}.`,
    {
      subject: `host:${host.name}`,
      hint: 'Check `user` and `key`, and that the public key is in `authorized_keys` there.',
      details: { effect: 'none', host: host.name },
      cause,
    },
  );
}

type Refusal = (detail: string) => readonly [code: string, message: string, hint: string, retryable?: true];

const REFUSALS: Readonly<Record<string, Refusal>> = {
  fenced: (epoch) => [
    'fenced',
    `another run took over (epoch ${epoch})`,
    'Look at the newer deployment; this one must not go on.',
  ],
  busy: () => ['host-busy', 'another call has held the service for a minute', 'Repeat it.', true],
  damaged: () => ['artifact-damaged', 'what was sent did not arrive whole', 'Repeat it.', true],
  'no-artifact': (digest) => [
    'artifact-missing',
    `the artifact ${digest} is not there`,
    'Deploy again: publishing uploads it.',
  ],
  'no-port': (range) => ['host-no-port', `no port of ${range} is free`, 'Widen `portRange`.'],
  'no-program': (program) => ['host-lacks-program', `it lacks ${program}`, `Install ${program} there.`],
  'no-systemd': () => [
    'host-lacks-program',
    'systemd does not work there for this user',
    'Use `supervisor: auto`, or let the user’s services live on there: `loginctl enable-linger USER`.',
  ],
  'unit-stays': (unit) => [
    'instance-unstoppable',
    `systemd does not stop the unit ${unit}`,
    'Look at `systemctl status` of it there, and repeat.',
    true,
  ],
  unstartable: () => [
    'instance-unstartable',
    'what keeps the instance running did not start',
    'Look at the free memory, disk space and number of processes there; with systemd, at `journalctl`.',
  ],
  'no-folder': (path) => ['host-not-writable', `${path} can't be made`, 'Give the user rights there, or set `root`.'],
  'no-space': (path) => ['host-not-writable', `${path} can't be written`, 'Check rights and free space there.'],
  unpack: (path) => [
    'host-not-writable',
    `${path} can't be unpacked`,
    'Check rights and free space, and that tar and gzip are there.',
  ],
};

/** The host was reached and refused, or its command failed. */
export function refusedBy(
  host: Host,
  verb: string,
  { code: exit, stderr: said }: { code: number; stderr: string },
): SlipwayError {
  const [, reason = '', detail = ''] = /^slipway-refused (\S+) ?(.*)$/m.exec(said) ?? [];
  const [code, message, hint, retryable] = REFUSALS[reason]?.(detail) ?? [
    'host-command-failed',
    `${verb} ended with code ${exit}: ${said.trim().slice(-500) || 'it said nothing'}`,
    'Check the host; it needs sh, coreutils, tar, gzip, sed, setsid and flock.',
  ];
  return new SlipwayError(code, `${describeHost(host)}: ${message}.`, {
    subject: `host:${host.name}`,
    hint,
    retryable: retryable === true,
    details: { host: host.name, ...(reason === 'fenced' ? { effect: 'none' } : {}) },
  });
}
