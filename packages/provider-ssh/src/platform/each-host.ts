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
 * the quorum; without one, and for every other failure, it throws: the error itself, or one that tells all of them, with
 * the code that they share, else `hosts-failed`.
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
  if (failed.length > 0 && !isAllowed) throw failureOf(failed, fleet, reached.length);
  for (const { error } of left) context.log(`goes on without a host: ${error.message}`);
  return { reached: reached.sort((a, b) => a.host.slot - b.host.slot), leftOut: left };
}

function failureOf(failed: readonly { host: Host; error: unknown }[], fleet: Fleet, succeeded: number): unknown {
  const errors = failed.map(({ error }) => (error instanceof SlipwayError ? error : undefined));
  const [first] = errors;
  const lost = failed.every(({ error }) => isUnreachable(error));
  const what = failed.map(({ host, error }) => (error instanceof Error ? error.message : describeHost(host)));
  // What was done on another host was done.
  const isWithoutEffect = succeeded === 0 && errors.every((error) => error?.details.effect === 'none');
  const effect = isWithoutEffect ? { effect: 'none' } : {};
  // What lies on this side is one error for all of them: no host is to blame.
  if (first && new Set(what).size === 1 && !(lost && fleet.quorum !== undefined)) {
    const { effect: _, ...details } = first.details;
    const { subject, hint, retryable, cause } = first;
    const said = { ...(subject === undefined ? {} : { subject }), ...(hint === undefined ? {} : { hint }) };
    const options = { ...said, retryable, cause, details: { ...details, ...effect } };
    return new SlipwayError(first.code, first.message, options);
  }
  const code = errors.every((error) => error && error.code === first?.code) ? first?.code : undefined;
  const quorum = lost && fleet.quorum !== undefined ? `, and a quorum of ${fleet.quorum} is needed` : '';
  return new SlipwayError(
    code ?? 'hosts-failed',
    `${failed.length} of ${fleet.hosts.length} hosts failed${quorum}:\n${what.join('\n')}`,
    {
      subject: `host:${failed[0]?.host.name}`,
      hint: (code && first?.hint) || 'Mend these hosts, or take them out of the inventory.',
      retryable: errors.every((error) => error?.retryable === true),
      details: { hosts: failed.map(({ host }) => host.name), ...effect },
      cause: failed[0]?.error,
    },
  );
}
