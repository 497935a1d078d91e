import type { CallContext, Router, RouterProblem } from '../provider/contract.ts';
import { lookWithin } from './look-within.ts';
import type { Workspace } from './workspace.ts';

/** How long a router may take to say what it lacks. */
const LOOK_WITHIN_MS = 10_000;

/**
 * What keeps the router from distributing the traffic of these services. Looks only; a look that failed says nothing:
 * the switch will.
 */
export async function lookAtRouter(
  { redactor }: Workspace,
  router: Router | undefined,
  context: CallContext,
  services: readonly string[],
): Promise<RouterProblem[]> {
  if (!router?.check || services.length === 0) return [];
  try {
    const found = await lookWithin(LOOK_WITHIN_MS, context, async (looking) => router.check?.(looking, services));
    return (found ?? []).map(({ code, subject, message, hint }) => ({
      code,
      ...(subject === undefined ? {} : { subject: redactor.text(subject) }),
      message: redactor.text(message),
      ...(hint === undefined ? {} : { hint: redactor.text(hint) }),
    }));
  } catch {
    return [];
  }
}
