import type { CallContext } from '@slipway/core/provider';
import { callHost } from '../connection/call-host.ts';
import type { Fleet, Host } from '../options.ts';
import { eachHost } from './each-host.ts';

/** What a host is to do with a revision, decided while it couldn't be reached. */
interface Owed {
  host: string;
  revision: string;
  what: 'remove' | 'keep';
  /** See {@link decidedNow}. */
  decidedAt: string;
}

interface Settling {
  fleet: Fleet;
  service: string;
  /** The hosts that were reached, with what they said: each knows what those that were away still owe. */
  reached: readonly { host: Host; said: string }[];
}

/**
 * When something was decided, `EPOCH.MILLISECONDS`: later decisions have later ones, whichever machine makes them, since
 * an epoch is one process's. What was decided earlier never undoes what was decided later.
 */
export function decidedNow({ epoch }: Pick<CallContext, 'epoch'>): string {
  return `${epoch}.${Math.floor(performance.timeOrigin + performance.now())}`;
}

/** Has the hosts that were reached remember what these were to do. */
export async function rememberOwed(
  context: CallContext,
  { fleet, service, reached }: Omit<Settling, 'reached'> & { reached: readonly Host[] },
  all: readonly Owed[],
): Promise<void> {
  for (const { host, revision, what, decidedAt } of all) {
    if (what === 'remove') context.log(`${host} is to remove ${service} ${revision} as soon as it is back`);
    await eachHost(context, { fleet, hosts: reached }, (witness) =>
      callHost(context, { fleet, host: witness }, 'owe', [context.epoch, service, host, revision, decidedAt, what]),
    );
  }
}

/**
 * What hosts that are back still have of revisions that were removed elsewhere meanwhile is removed. A host that was away
 * when others were told that theirs is settled remembers it still: the host that owes it knows whether it was staged
 * there since, and then keeps it.
 */
export async function settleOwed(context: CallContext, { fleet, service, reached }: Settling): Promise<void> {
  for (const { host: name, revision, what, decidedAt } of owedIn(reached.map(({ said }) => said))) {
    const host = reached.find((one) => one.host.name === name)?.host;
    if (!host) continue;
    const rest = what === 'remove' ? [fleet.keepReleases, decidedAt] : [decidedAt];
    const { stdout } = await callHost(context, { fleet, host }, what, [context.epoch, service, revision, ...rest]);
    if (/^removed$/m.test(stdout)) context.log(`${name} is back: removed ${service} ${revision} there`);
    const witnesses = reached.map((one) => one.host);
    await eachHost(context, { fleet, hosts: witnesses }, (witness) =>
      callHost(context, { fleet, host: witness }, 'settle', [context.epoch, service, name, revision]),
    );
  }
}

/** Of each host and revision, what was decided last. */
function owedIn(answers: readonly string[]): Owed[] {
  const found = new Map<string, Owed>();
  for (const line of answers.flatMap((said) => said.split('\n'))) {
    const [kind, host = '', revision = '', decidedAt = '', what] = line.split(' ');
    if (kind !== 'owed') continue;
    const known = found.get(`${host} ${revision}`);
    if (known && !isLater(decidedAt, known.decidedAt)) continue;
    found.set(`${host} ${revision}`, { host, revision, decidedAt, what: what === 'keep' ? what : 'remove' });
  }
  return [...found.values()];
}

function isLater(one: string, other: string): boolean {
  const [epoch = 0, at = 0] = one.split('.').map(Number);
  const [otherEpoch = 0, otherAt = 0] = other.split('.').map(Number);
  return epoch === otherEpoch ? at > otherAt : epoch > otherEpoch;
}
