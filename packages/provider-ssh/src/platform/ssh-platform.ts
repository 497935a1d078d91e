import type { CallContext, Platform, PlatformCapabilities } from '@slipway/core/provider';
import { callHost } from '../connection/call-host.ts';
import { fleetOf, hostCount, sshOptions } from '../options.ts';
import { eachHost } from './each-host.ts';
import { endpoints } from './endpoints.ts';
import { list, recover } from './list.ts';
import { logs } from './logs.ts';
import { probe } from './probe.ts';
import { publish } from './publish.ts';
import { stage } from './stage.ts';

const capabilities: PlatformCapabilities = {
  strategies: ['recreate', 'blue-green', 'rolling', 'canary'],
  staticSites: false,
  instantSwitchBack: true,
  instances: true,
  images: false,
  limits: false,
  volumes: false,
};

/**
 * Runs services on hosts over SSH, one instance of a revision on each: instance n is on the nth host of the group. It
 * has no router of its own. Host keys are always verified.
 */
export const sshPlatform: Platform = {
  name: 'ssh',
  capabilities,
  schema: sshOptions,
  instances: (options) => ({ byDefault: hostCount(options), most: hostCount(options) }),
  publish: (context, request) => publish(context, request),
  stage,
  probe,
  endpoints,
  activated,
  retire,
  list,
  logs,
  recover,
  predict: (_service, { port }) => ({ port }),
};

/** Sets the link `current` of the service on each host that has the revision, and drops artifacts beyond those kept. */
async function activated(
  context: CallContext,
  { service, revision }: { service: string; revision: string },
): Promise<void> {
  const fleet = fleetOf(context);
  await eachHost(context, { fleet, hosts: fleet.hosts }, async (host) => {
    const words = [context.epoch, service, revision, fleet.keepReleases];
    await callHost(context, { fleet, host }, 'activate', words);
  });
}

async function retire(
  context: CallContext,
  { service, revision }: { service: string; revision: string },
): Promise<void> {
  const fleet = fleetOf(context);
  await eachHost(context, { fleet, hosts: fleet.hosts }, async (host) => {
    const words = [context.epoch, service, revision, fleet.keepReleases];
    const { stdout } = await callHost(context, { fleet, host }, 'remove', words);
    if (stdout.trim() === 'removed') context.log(`stopped ${service} ${revision} on ${host.name}`);
  });
}
