import { type Address, nameOf } from '../address.ts';
import type { CallContext, Platform, Router } from '../provider/contract.ts';
import { lookWithin } from './look-within.ts';
import type { Workspace } from './workspace.ts';

/** How many ports are asked about at once. */
const AT_ONCE = 20;
/** How long a platform may take to say who has one. */
const LOOK_WITHIN_MS = 10_000;

export interface WantedPort {
  address: Address;
  port: number;
}

/** A wanted port that somebody else has; `holder` for people, or null when it can't be told. */
export interface TakenPort extends WantedPort {
  holder: string | null;
}

/**
 * Which of these ports somebody else has. Looks only. Asked is the router that will open them, else the platform;
 * where neither can tell, nothing is said: opening the route will.
 */
export async function lookAtPorts(
  workspace: Workspace,
  { platform, router }: { platform: Platform; router: Router | undefined },
  context: CallContext,
  wanted: readonly WantedPort[],
): Promise<TakenPort[]> {
  const asked = router?.checkPort ? router : platform;
  if (!asked.checkPort) return [];
  const taken: TakenPort[] = [];
  const look = async ({ address, port }: WantedPort) => {
    const want = { service: nameOf(address), port };
    try {
      const state = await lookWithin(LOOK_WITHIN_MS, context, async (looking) => asked.checkPort?.(looking, want));
      if (state?.kind !== 'taken') return;
      const { holder } = state;
      taken.push({ address, port, holder: holder === undefined ? null : workspace.redactor.text(holder) });
    } catch {
      // A look that failed says nothing about the port.
    }
  };
  for (let at = 0; at < wanted.length; at += AT_ONCE) await Promise.all(wanted.slice(at, at + AT_ONCE).map(look));
  return taken;
}
