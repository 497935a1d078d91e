import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';

/** Parts that may be missing on a machine, and the command that tells. */
const parts = {
  wrk: ['wrk', '-v'],
  bash: ['bash', '--version'],
  fish: ['fish', '--version'],
  tmux: ['tmux', '-V'],
  zsh: ['zsh', '--version'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export type Part = keyof typeof parts;

/** Where the run's reporter reads which parts were missing; one name a line. */
export const MISSING_PARTS_FILE = 'SLIPWAY_MISSING_PARTS_FILE';

/**
 * Whether a part that a test needs is on this machine, for `test.skipIf(!requirePart('wrk'))`. A missing part
 * is listed at the end of the run. Throws instead when `SLIPWAY_REQUIRE` names it (names separated by commas or
 * spaces, or `all`), so that a machine that should have it can't pass without.
 */
export function requirePart(part: Part): boolean {
  const [command, ...args] = parts[part];
  if (!spawnSync(command, args, { stdio: 'ignore' }).error) return true;
  const required = (process.env.SLIPWAY_REQUIRE ?? '').split(/[\s,]+/);
  if (required.includes('all') || required.includes(part))
    throw new Error(
      `${part} is not on this machine, and SLIPWAY_REQUIRE asks for it. Install it, or take it out there.`,
    );
  const file = process.env[MISSING_PARTS_FILE];
  if (file) appendFileSync(file, `${part}\n`);
  return false;
}
