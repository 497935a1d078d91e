import { basename } from 'node:path';
import type { CallContext } from '@slipway/core/provider';

/** Which folder on the hosts is this environment's: `root/PROJECT/ENVIRONMENT`. */
export function placeOf({ project, directory, environment }: CallContext): { project: string; environment: string } {
  return { project: asFolder(project ?? basename(directory)), environment: asFolder(environment) };
}

/** No name leads out of its folder, and different names stay different. */
function asFolder(name: string): string {
  return encodeURIComponent(name).replace(/^\./, '%2E') || '%';
}
