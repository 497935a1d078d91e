import { type CallContext, SlipwayError } from '@slipway/core/provider';
import { describeHost, isUnreachable } from '../errors.ts';
import type { Fleet, Host } from '../options.ts';

/** Calls on so many hosts at once. */
const AT_ONCE = 10;

export interface FromHost<T> {
  host: Host;
  value: T;
}

export interface Answers<T> {
  /** In the order of the hosts. */
  reached: FromHost<T>[];
  /** Those that could not be reached, which the policy allows. */
  leftOut: { host: Host; error: SlipwayError }[];
}

/**
 * Does the same on several hosts, in parallel. What fails on one doesn't keep it from the others: only after all have
 * ended is it decided. Hosts that can't be reached are left out, and logged, while those of the group that can make
 * the quorum; without one, and for every other failure, it throws: the error itself, or `hosts-failed` for several.
 */
export async function eachHost<T>(
  context: CallContext,
  { fleet, hosts, leaveOut = false }: { fleet: Fleet; hosts: readonly Host[]; leaveOut?: boolean },
  work: (host: Host) => Promise<T>,
): Promise<Answers<T>> {
  const reached: FromHost<T>[] = [];
  const failed: { host: Host; error: unknown }[] = [];
  const waiting = [...hosts];
  const worker = async () => {
    for (let host = waiting.shift(); host; host = waiting.shift()) {
      try {
        reached.push({ host, value: await work(host) });
      } catch (error) {
        context.signal.throwIfAborted();
        failed.push({ host, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, hosts.length) }, worker));
  const left = failed.filter((one): one is { host: Host; error: SlipwayError } => isUnreachable(one.error));
  const needed = leaveOut ? 1 : (fleet.quorum ?? fleet.hosts.length);
  const isAllowed = left.length === failed.length && fleet.hosts.length - left.length >= needed;
  if (failed.length > 0 && !isAllowed) throw failureOf(failed, fleet);
  for (const { error } of left) context.log(`goes on without a host: ${error.message}`);
  return { reached: reached.sort((a, b) => a.host.slot - b.host.slot), leftOut: left };
}

function failureOf(failed: readonly { host: Host; error: unknown }[], fleet: Fleet): unknown {
  const [first] = failed;
  const lost = failed.every(({ error }) => isUnreachable(error));
  const isSame = failed.every(({ error }) => error === first?.error);
  // What lies on this side is one error for all of them: no host is to blame.
  if (isSame && !(lost && fleet.quorum !== undefined)) return first?.error;
  const what = failed.map(({ host, error }) => (error instanceof Error ? error.message : describeHost(host)));
  const quorum = lost && fleet.quorum !== undefined ? `, and a quorum of ${fleet.quorum} is needed` : '';
  return new SlipwayError(
    lost ? 'host-unreachable' : 'hosts-failed',
    `${failed.length} of ${fleet.hosts.length} hosts failed${quorum}:\n${what.join('\n')}`,
    {
      subject: `host:${first?.host.name}`,
      hint: 'Mend these hosts, or take them out of the inventory.',
      retryable: failed.every(({ error }) => error instanceof SlipwayError && error.retryable),
      details: { hosts: failed.map(({ host }) => host.name) },
      cause: first?.error,
    },
  );
}
