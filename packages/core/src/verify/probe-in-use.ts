import type { HealthCheck } from '../config/project.ts';
import type { CallContext, Platform, ProbeResult } from '../provider/contract.ts';
import { probeUrl } from './probe-url.ts';

/** The revision that has a service's traffic, and where users reach it. */
export interface InUse {
  service: string;
  revision: string;
  health: HealthCheck;
  url: string;
}

/**
 * One probe of a service where its users reach it. A health command needs what the revision has, its folder and
 * its environment, so the platform runs it; everything else is asked from here, as a user would.
 */
export async function probeInUse(platform: Platform, context: CallContext, inUse: InUse): Promise<ProbeResult> {
  const { health, url } = inUse;
  return health.command === undefined
    ? await probeUrl(url, health, context.signal)
    : await platform.probe(context, inUse);
}
