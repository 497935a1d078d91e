import { type CallContext, checkAddress, type HealthCheck, type ProbeResult } from '@slipway/core/provider';
import { callHost } from '../connection/call-host.ts';
import { reach } from '../connection/pool.ts';
import { isUnreachable } from '../errors.ts';
import { type Fleet, fleetOf, type Host } from '../options.ts';
import { eachHost } from './each-host.ts';
import { endpointHost } from './endpoints.ts';
import { type Instance, lookAtHost } from './look.ts';

interface Target {
  service: string;
  revision: string;
  health: HealthCheck;
  url?: string;
  slots?: readonly number[];
}

/**
 * One probe of each wanted instance, past the router. The first that isn't healthy says why. The check's timeout bounds
 * what a host that was reached is asked; that one can't be reached shows when connecting has failed.
 */
export async function probe(context: CallContext, target: Target): Promise<ProbeResult> {
  const fleet = fleetOf(context);
  const hosts = fleet.hosts.filter(({ slot }) => target.slots?.includes(slot) ?? true);
  const results = await Promise.all(
    hosts.map(async (host): Promise<Probed> => {
      try {
        const work = (within: CallContext) => probeHost(within, { fleet, host }, target);
        return { host, ...(await askWithin(context, { fleet, host }, target, work)) };
      } catch (error) {
        context.signal.throwIfAborted();
        if (isUnreachable(error)) return { host, kind: 'away', why: (error as Error).message };
        throw error;
      }
    }),
  );
  const verdict = verdictOf(results, fleet, target);
  if (verdict) return verdict;
  return (await runsElsewhere(context, fleet, target)) ? { kind: 'healthy' } : NOWHERE;
}

/** Does the work within the check's timeout once the host is reached; ill when it takes longer. */
async function askWithin<T>(
  context: CallContext,
  { fleet, host }: { fleet: Fleet; host: Host },
  { health: { timeoutMs } }: Target,
  work: (within: CallContext) => Promise<T>,
): Promise<T | Ill> {
  await reach(host, { fleet, patienceMs: timeoutMs, signal: context.signal });
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    return await work({ ...context, signal: AbortSignal.any([context.signal, limit]) });
  } catch (error) {
    context.signal.throwIfAborted();
    if (limit.aborted && !isUnreachable(error)) return { kind: 'ill', why: `no answer within ${timeoutMs} ms` };
    throw error;
  }
}

const NOWHERE: ProbeResult = { kind: 'unhealthy', reason: 'it runs on no host that can be reached' };

/** Whether a quorum of the hosts is reached, and the revision runs on one of these: then others need not be waited for. */
async function runsElsewhere(context: CallContext, fleet: Fleet, target: Target): Promise<boolean> {
  try {
    const { reached } = await eachHost(context, { fleet, hosts: fleet.hosts }, (host) =>
      askWithin(context, { fleet, host }, target, (within) => find(within, { fleet, host }, target)),
    );
    return reached.some(({ value }) => value !== undefined && 'state' in value && value.state === 'running');
  } catch (error) {
    context.signal.throwIfAborted();
    if (isUnreachable(error)) return false;
    throw error;
  }
}

type Ill = { kind: 'ill'; why: string };
type Outcome = { kind: 'well' } | { kind: 'none' } | Ill;
type Probed = { host: Host } & (Outcome | { kind: 'away'; why: string });

/** Undefined: all that were asked for are away, which the policy may allow. */
function verdictOf(results: readonly Probed[], fleet: Fleet, { slots }: Target): ProbeResult | undefined {
  const away = results.filter(({ kind }) => kind === 'away').length;
  const mayBeAway = fleet.quorum !== undefined && fleet.hosts.length - away >= fleet.quorum;
  for (const one of results) {
    if (one.kind === 'ill' || (one.kind === 'away' && !mayBeAway)) {
      return { kind: 'unhealthy', reason: `on ${one.host.name}: ${one.why}` };
    }
    if (one.kind === 'none' && slots) return { kind: 'unhealthy', reason: `it does not run on ${one.host.name}` };
  }
  if (results.some(({ kind }) => kind === 'well')) return { kind: 'healthy' };
  return results.length > 0 && away === results.length ? undefined : NOWHERE;
}

async function probeHost(
  context: CallContext,
  { fleet, host }: { fleet: Fleet; host: Host },
  target: Target,
): Promise<Outcome> {
  const before = await find(context, { fleet, host }, target);
  if (!before) return { kind: 'none' };
  if (before.state !== 'running') return { kind: 'ill', why: whyDown(before) };
  const url = `http://${endpointHost(host, before.listensOn)}:${before.port}`;
  const why = await check(context, { fleet, host }, target, url);
  return why === undefined ? { kind: 'well' } : { kind: 'ill', why };
}

async function find(context: CallContext, on: { fleet: Fleet; host: Host }, { service, revision }: Target) {
  return (await lookAtHost(context, on, service)).find((one) => one.revision === revision);
}

function whyDown({ state, lastExit, restarts }: Instance): string {
  const how = lastExit === '' ? `it is ${state}` : `its process ${lastExit}`;
  return restarts > 0 ? `${how}, restarted ${restarts} times` : how;
}

/** Undefined: it passed. */
async function check(
  context: CallContext,
  on: { fleet: Fleet; host: Host },
  target: Target,
  own: string,
): Promise<string | undefined> {
  const { health, service, revision } = target;
  if (health.command !== undefined) {
    const words = [service, revision, Math.ceil(health.timeoutMs / 1_000), target.url ?? own];
    const { code, stdout } = await callHost(context, on, 'health', words, health.command);
    return code === 0 ? undefined : [`the health command exited with code ${code}`, stdout.trim()].join('\n').trim();
  }
  try {
    return await checkAddress(own, health, context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ECONNREFUSED' ? `nothing listens on ${new URL(own).host} yet` : message;
  }
}
