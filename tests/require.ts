import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';

/** A command and its arguments. */
type Call = readonly [string, ...string[]];

/** Whether there is such a program: it could be started, whatever it then said. */
const installed = (...[command, ...args]: Call): boolean => !spawnSync(command, args, { stdio: 'ignore' }).error;

/** Whether the command succeeds. */
const succeeds = (...[command, ...args]: Call): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Parts that may be missing on a machine, and how one tells. */
const parts = {
  wrk: () => installed('wrk', '-v'),
  bash: () => installed('bash', '--version'),
  fish: () => installed('fish', '--version'),
  tmux: () => installed('tmux', '-V'),
  zsh: () => installed('zsh', '--version'),
  // A daemon that answers, and not the client alone.
  docker: () => succeeds('docker', 'info'),
  // One of our own beside it, which a test may kill: root, and the program itself.
  dockerd: () => process.getuid?.() === 0 && succeeds('dockerd', '--version'),
  // As root and with catatonit, which is each container's init.
  podman: () => process.getuid?.() === 0 && succeeds('podman', '--version') && installed('catatonit', '--version'),
  // A container that is a host with systemd, made by scripts/base-images.sh.
  'systemd-host': () => succeeds('docker', 'image', 'inspect', 'slipway-systemd-host:1'),
  haproxy: () => succeeds('haproxy', '-v'),
  prometheus: () => succeeds('prometheus', '--version'),
  // Hosts are network namespaces, so it takes iproute2 and root too.
  sshd: () => process.getuid?.() === 0 && installed('/usr/sbin/sshd', '-T') && succeeds('ip', '-V'),
  'docker-registry': () => installed('docker-registry', '--version'),
  nginx: () => succeeds('nginx', '-v'),
} as const satisfies Record<string, () => boolean>;

export type Part = keyof typeof parts;

/** Where the run's reporter reads which parts were missing; one name a line. */
export const MISSING_PARTS_FILE = 'SLIPWAY_MISSING_PARTS_FILE';

/**
 * Whether a part that a test needs is on this machine, for `test.skipIf(!requirePart('wrk'))`. A missing part
 * is listed at the end of the run. Throws instead when `SLIPWAY_REQUIRE` names it (names separated by commas or
 * spaces, or `all`), so that a machine that should have it can't pass without.
 */
export function requirePart(part: Part): boolean {
  if (parts[part]()) return true;
  const required = (process.env.SLIPWAY_REQUIRE ?? '').split(/[\s,]+/);
  if (required.includes('all') || required.includes(part))
    throw new Error(
      `${part} is not on this machine, and SLIPWAY_REQUIRE asks for it. Install it, or take it out there.`,
    );
  const file = process.env[MISSING_PARTS_FILE];
  if (file) appendFileSync(file, `${part}\n`);
  return false;
}
