import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { type CallContext, type JsonObject, SlipwayError } from '@slipway/core/provider';
import { z } from 'zod';

const port = z.int().min(1).max(65_535);
const text = z.string().min(1);
const remotePath = z.string().regex(/^(\/|~\/)[^\n\0]*$/, 'A folder on the host: it begins with / or ~/.');
const word = z.string().regex(/^[A-Za-z0-9][\w.-]*$/, 'Letters, digits, `.`, `_` and `-`.');

const host = z.strictObject({
  address: text.optional().meta({ description: 'Name or IP address. Default: its name in the inventory.' }),
  port: port.optional().meta({ description: 'Of its sshd. Default 22.' }),
  user: text.optional().meta({ description: 'Instead of the `user` of all hosts.' }),
  groups: z.array(word).optional().meta({ description: 'Groups that it belongs to.' }),
  hostKey: text.optional().meta({
    description:
      'Its pinned key, `ssh-ed25519 AAAA...`, or the fingerprint, `SHA256:...`. Default: as `knownHosts` says.',
  }),
  root: remotePath.optional().meta({ description: 'Instead of the `root` of all hosts.' }),
  bindTo: text.optional().meta({ description: 'Address on which its instances listen. Default: its address.' }),
});

const hosts = z.union([
  z.array(host.extend({ name: word })).min(1),
  z.record(word, z.union([text, host])).refine((map) => Object.keys(map).length > 0, 'Name at least one host.'),
]);

const duration = z.union([
  z.int().min(100).max(600_000),
  z.string().regex(/^\d+(ms|s|m)$/, 'As in `500ms`, `10s` or `1m`.'),
]);

/** Options of `platform: ssh`, besides `use`. */
export const sshOptions = z.strictObject({
  hosts: hosts.meta({
    description: 'The inventory, as a list, or as a map from name to address or host. Its order counts.',
  }),
  group: word.optional().meta({ description: 'Hosts of this group run the services. Default: all hosts.' }),
  user: text.optional().meta({ description: 'Who logs in. Default: who runs Slipway.' }),
  key: text
    .optional()
    .meta({ description: 'File of the private key. Default: what the agent (`SSH_AUTH_SOCK`) holds.' }),
  passphrase: z.string().optional().meta({ description: 'Of the private key; give it as a secret.' }),
  knownHosts: text.optional().meta({ description: 'File with the keys of hosts. Default `~/.ssh/known_hosts`.' }),
  root: remotePath.optional().meta({
    description: 'Folder on the hosts. Default `/opt/slipway` for root, `~/slipway` for others.',
  }),
  keepReleases: z.int().min(1).max(1_000).optional().meta({
    description: 'How many artifacts stay on a host; what a revision there uses stays anyway. Default 5.',
  }),
  unreachable: z
    .union([
      z.literal('abort'),
      z.strictObject({ quorum: z.union([z.int().min(1), z.string().regex(/^(100|[1-9]?\d)%$/, 'As in `60%`.')]) }),
    ])
    .optional()
    .meta({ description: 'When hosts cannot be reached: `abort` (default), or go on while so many of them can.' }),
  connectTimeout: duration.optional().meta({ description: 'For connecting and logging in. Default 10s.' }),
  portRange: z
    .tuple([port, port])
    .refine(([first, last]) => first <= last, 'The first port must not be above the last.')
    .optional()
    .meta({ description: 'Where instances get their ports from. Default 20000 to 29999.' }),
  supervisor: z.enum(['auto', 'systemd', 'shell']).optional().meta({
    description:
      'What keeps instances running: a unit of `systemd`, which comes back after a reboot, or a `shell` script alone. Default `auto`: systemd where it runs and the user may use it (root, or with lingering), else the script.',
  }),
  shared: z
    .array(z.string().regex(/^(?!\/)(?!(.*\/)?\.\.?(\/|$))[^\n\0]+$/, 'A path within the project.'))
    .optional()
    .meta({
      description: 'Paths within the project that all revisions of a service share on a host, as links into `shared/`.',
    }),
});

export interface Host {
  /** Its number: the slot that it runs. */
  slot: number;
  name: string;
  address: string;
  port: number;
  user: string;
  hostKey: string | undefined;
  /** Undefined: as the rights on the host say. */
  root: string | undefined;
  bindTo: string;
}

/** The options with their defaults. */
export interface Fleet {
  /** Those of the group, in inventory order. */
  hosts: Host[];
  /** At least so many must be reached; undefined: all. */
  quorum: number | undefined;
  login: { keyFile: string | undefined; passphrase: string | undefined; agent: string | undefined };
  knownHosts: string[];
  connectTimeoutMs: number;
  keepReleases: number;
  portRange: readonly [number, number];
  supervisor: 'auto' | 'systemd' | 'shell';
  shared: string[];
}

/** How many hosts the options name for services. Throws `config-invalid` as {@link fleetOf} does. */
export function hostCount(options: JsonObject): number {
  return hostsOf(parse(options)).length;
}

/** The hosts and rules of a call. Throws `config-invalid` when its options can't be right. */
export function fleetOf(context: Pick<CallContext, 'platform' | 'directory'>): Fleet {
  const options = parse(context.platform);
  const hosts = hostsOf(options);
  return {
    hosts,
    quorum: quorumOf(options.unreachable, hosts.length),
    login: {
      keyFile: options.key === undefined ? undefined : localPath(options.key, context.directory),
      passphrase: options.passphrase,
      agent: process.env.SSH_AUTH_SOCK,
    },
    knownHosts:
      options.knownHosts === undefined
        ? [join(homedir(), '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts']
        : [localPath(options.knownHosts, context.directory)],
    connectTimeoutMs: milliseconds(options.connectTimeout ?? 10_000),
    keepReleases: options.keepReleases ?? 5,
    portRange: options.portRange ?? [20_000, 29_999],
    supervisor: options.supervisor ?? 'auto',
    shared: options.shared ?? [],
  };
}

type Options = z.infer<typeof sshOptions>;

function parse({ use: _use, ...options }: JsonObject): Options {
  const parsed = sshOptions.safeParse(options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'platform'}: ${message}`);
  throw new SlipwayError('config-invalid', `The options of the platform ssh are not right: ${problems.join('; ')}`, {
    hint: 'Correct `platform` of the environment.',
    details: { effect: 'none' },
  });
}

function hostsOf({ hosts, group, user, root }: Options): Host[] {
  const named = Array.isArray(hosts)
    ? hosts
    : Object.entries(hosts).map(([name, one]) => ({ name, ...(typeof one === 'string' ? { address: one } : one) }));
  const chosen = named.filter(({ groups }) => group === undefined || groups?.includes(group));
  const doubled = named.find(({ name }, index) => named.findIndex((other) => other.name === name) !== index);
  if (chosen.length === 0 || doubled) {
    const what = doubled ? `has two hosts named ${doubled.name}` : `has no host in the group ${group}`;
    throw new SlipwayError('config-invalid', `The inventory ${what}.`, {
      hint: 'Correct `hosts` or `group` of the environment’s platform.',
      details: { effect: 'none' },
    });
  }
  return chosen.map((one, slot) => {
    const address = one.address ?? one.name;
    return {
      slot,
      name: one.name,
      address,
      port: one.port ?? 22,
      user: one.user ?? user ?? process.env.USER ?? process.env.LOGNAME ?? 'root',
      hostKey: one.hostKey,
      root: one.root ?? root,
      bindTo: one.bindTo ?? address,
    };
  });
}

function quorumOf(policy: Options['unreachable'], all: number): number | undefined {
  if (policy === undefined || policy === 'abort') return undefined;
  const { quorum } = policy;
  const wanted = typeof quorum === 'number' ? quorum : Math.ceil((all * Number.parseInt(quorum, 10)) / 100);
  return Math.min(all, Math.max(1, wanted));
}

function localPath(path: string, directory: string): string {
  if (path.startsWith('~/')) return join(homedir(), path.slice(2));
  return isAbsolute(path) ? path : resolve(directory, path);
}

function milliseconds(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  const amount = Number.parseInt(duration, 10);
  if (duration.endsWith('ms')) return amount;
  return duration.endsWith('m') ? amount * 60_000 : amount * 1_000;
}
