import { execFile } from 'node:child_process';
import { baseEnvironment } from '@slipway/core/provider';
import { tooOld, unstartable } from '../errors.ts';

const ANSWER_WITHIN_MS = 10_000;
/** The first that is maintained for long and adds servers while it runs without being asked to experiment. */
const OLDEST = [2, 6] as const;

const checked = new Set<string>();

/** Throws `haproxy-not-installed`, `haproxy-unstartable` or `haproxy-too-old`. A program that is good is asked once. */
export async function checkVersion(program: string, signal: AbortSignal): Promise<void> {
  if (checked.has(program)) return;
  const said = await new Promise<string>((resolve, reject) => {
    execFile(program, ['-v'], { signal, timeout: ANSWER_WITHIN_MS, env: baseEnvironment() }, (error, stdout) => {
      if (!error) return resolve(stdout);
      reject(signal.aborted ? signal.reason : unstartable(program, error));
    });
  });
  const version = /version (\d+\.\d+\S*)/i.exec(said)?.[1] ?? 'unknown';
  if (isTooOld(version)) throw tooOld(version, program);
  checked.add(program);
}

/** Also what can't be read as a version. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return !(major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]));
}
