import type { CallContext, Platform, PlatformCapabilities } from '@slipway/core/provider';
import { callHost } from '../connection/call-host.ts';
import { type Fleet, fleetOf, hostCount, sshOptions } from '../options.ts';
import { type Answers, eachHost } from './each-host.ts';
import { endpoints } from './endpoints.ts';
import { list, recover } from './list.ts';
import { logs } from './logs.ts';
import { decidedNow, rememberOwed, settleOwed } from './owed.ts';
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
async function activated(context: CallContext, target: { service: string; revision: string }): Promise<void> {
  await changeEverywhere(context, 'activate', target);
}

/** What a host that was left out still has is removed as soon as a later call reaches it. */
async function retire(context: CallContext, target: { service: string; revision: string }): Promise<void> {
  const { service, revision } = target;
  const decidedAt = decidedNow(context);
  const { fleet, reached, leftOut } = await changeEverywhere(context, 'remove', target);
  for (const { host, value } of reached) {
    if (/^removed$/m.test(value)) context.log(`stopped ${service} ${revision} on ${host.name}`);
  }
  const owed = leftOut.map(({ host }) => ({ host: host.name, revision, what: 'remove' as const, decidedAt }));
  await rememberOwed(context, { fleet, service, reached: reached.map(({ host }) => host) }, owed);
}

async function changeEverywhere(
  context: CallContext,
  verb: 'activate' | 'remove',
  { service, revision }: { service: string; revision: string },
): Promise<Answers<string> & { fleet: Fleet }> {
  const fleet = fleetOf(context);
  const answers = await eachHost(context, { fleet, hosts: fleet.hosts }, async (host) => {
    const words = [context.epoch, service, revision, fleet.keepReleases];
    return (await callHost(context, { fleet, host }, verb, words)).stdout;
  });
  const reached = answers.reached.map(({ host, value }) => ({ host, said: value }));
  await settleOwed(context, { fleet, service, reached });
  return { ...answers, fleet };
}
