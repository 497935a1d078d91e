import { execFile } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { baseEnvironment } from '@slipway/core/provider';
import { configInvalid, unstartable } from '../errors.ts';
import type { Place } from '../place.ts';

const CHECK_WITHIN_MS = 20_000;

/** Writes a config beside the one that is used and has HAProxy validate it. Throws `haproxy-config-invalid`. */
export async function writeCandidate(place: Place, text: string, program: string, signal: AbortSignal): Promise<void> {
  await writeFile(place.candidate, text, { mode: 0o600, flush: true });
  await new Promise<void>((resolve, reject) => {
    const limits = { signal, timeout: CHECK_WITHIN_MS, env: baseEnvironment() };
    execFile(program, ['-c', '-f', place.candidate], limits, (error, stdout, stderr) => {
      if (!error) return resolve();
      if (signal.aborted) return reject(signal.reason);
      if (typeof error.code === 'string') return reject(unstartable(program, error));
      reject(configInvalid(place.candidate, (stderr || stdout).trim()));
    });
  });
}

/** From here on it is the config that HAProxy comes back with. */
export async function takeCandidate(place: Place): Promise<void> {
  await rename(place.candidate, place.config);
}

/** Puts back a config that was in place before. */
export async function putConfig(place: Place, text: string): Promise<void> {
  await writeFile(place.candidate, text, { mode: 0o600, flush: true });
  await takeCandidate(place);
}
