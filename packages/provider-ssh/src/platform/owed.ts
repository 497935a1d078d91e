import type { CallContext } from '@slipway/core/provider';
import { callHost } from '../connection/call-host.ts';
import type { Fleet, Host } from '../options.ts';
import { eachHost } from './each-host.ts';

/** A revision that a host was to remove while it couldn't be reached. */
interface Debt {
  host: string;
  revision: string;
}

interface Settling {
  fleet: Fleet;
  service: string;
  /** The hosts that were reached, with what they said: each knows what those that were away still owe. */
  reached: readonly { host: Host; said: string }[];
}

/** Has the hosts that were reached remember what these were to remove. */
export async function rememberOwed(
  context: CallContext,
  { fleet, service, reached }: Omit<Settling, 'reached'> & { reached: readonly Host[] },
  debts: readonly Debt[],
): Promise<void> {
  for (const { host, revision } of debts) {
    context.log(`${host} is to remove ${service} ${revision} as soon as it is back`);
    await eachHost(context, { fleet, hosts: reached }, (witness) =>
      callHost(context, { fleet, host: witness }, 'owe', [context.epoch, service, host, revision]),
    );
  }
}

/**
 * What hosts that are back still have of revisions that were removed elsewhere meanwhile is removed; a debt for what is
 * wanted there again is forgotten.
 */
export async function settleOwed(
  context: CallContext,
  { fleet, service, reached }: Settling,
  isWanted: (host: Host, revision: string) => boolean = () => false,
): Promise<void> {
  for (const debt of debtsIn(reached.map(({ said }) => said))) {
    const host = fleet.hosts.find(({ name }) => name === debt.host);
    if (!host) continue;
    const wanted = isWanted(host, debt.revision);
    if (!wanted && !reached.some((one) => one.host === host)) continue;
    if (!wanted) {
      const words = [context.epoch, service, debt.revision, fleet.keepReleases];
      await callHost(context, { fleet, host }, 'remove', words);
      context.log(`${host.name} is back: removed ${service} ${debt.revision} there`);
    }
    const witnesses = reached.map((one) => one.host);
    await eachHost(context, { fleet, hosts: witnesses }, (witness) =>
      callHost(context, { fleet, host: witness }, 'settle', [context.epoch, service, debt.host, debt.revision]),
    );
  }
}

function debtsIn(answers: readonly string[]): Debt[] {
  const lines = new Set(answers.flatMap((said) => said.split('\n')).filter((line) => line.startsWith('owed ')));
  return [...lines].map((line) => {
    const [, host = '', revision = ''] = line.split(' ');
    return { host, revision };
  });
}
