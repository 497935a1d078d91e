import { SlipwayError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunOptions } from '../slipway-api.ts';

/** Asks whoever called about a plan. `stops`: a deployment that would be stopped for it. Throws `not-confirmed`. */
export async function requireAgreement(
  plan: Plan,
  { confirm }: Pick<RunOptions, 'confirm'>,
  stops?: string,
): Promise<void> {
  if (!confirm) return;
  const environment = { name: plan.environment, protected: plan.runtime.protected };
  if (await confirm(plan, stops === undefined ? environment : { ...environment, stops })) return;
  throw new SlipwayError('not-confirmed', 'Nothing was changed.', { subject: plan.environment });
}
