import { readFileSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findListener } from '@slipway/core/provider';
import { portsOf } from './config/declared.ts';
import { declaredIn } from './config/render.ts';
import { CONFIG } from './place.ts';

/** Who listens there, for people; undefined where it can't be told. */
export function holderOf(host: string, port: number): string | undefined {
  const listener = findListener(port, host);
  return (listener?.pid === undefined ? undefined : serviceOf(listener.pid, port)) ?? listener?.description;
}

/** Which service it is for, of a HAProxy that Slipway runs for another environment or project. */
function serviceOf(pid: number, port: number): string | undefined {
  try {
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    const declared = declaredIn(readFileSync(join(folder, CONFIG), 'utf8'));
    const request = Object.values(declared).find((one) => portsOf(one).includes(port));
    const project = dirname(dirname(dirname(folder)));
    return (
      request && `${request.service} of the environment ${basename(folder)} in ${project} (HAProxy, process ${pid})`
    );
  } catch {
    return undefined; // Its folder has none, is gone or is another user's.
  }
}
