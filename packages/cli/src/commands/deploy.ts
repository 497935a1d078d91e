import { readFile } from 'node:fs/promises';
import type { Plan } from '@slipway/core';
import { type Command, Option } from 'commander';
import { perform } from '../perform.ts';
import { addPlanFlags, type PlanFlags, planOptionsOf } from '../plan-flags.ts';
import { addWaitFlag, type WaitFlag, waitOf, waitsForPeople } from '../wait-flag.ts';

interface Flags extends PlanFlags, WaitFlag {
  plan?: string;
}

const decidedByPlan = [
  'ship',
  'from',
  'only',
  'tag',
  'changedSince',
  'sequential',
  'maxParallel',
  'onFailure',
  'timeout',
  'tests',
];

export function define(command: Command): void {
  addPlanFlags(command).addOption(
    new Option('--plan <file>', 'apply a saved plan as it is; refused when the state moved').conflicts(decidedByPlan),
  );
  addWaitFlag(command).action(
    perform<[], Flags>(async (session, _, flags) => {
      const [{ operate }, { requireConsent }] = await Promise.all([
        import('../operate.ts'),
        import('../confirmation.ts'),
      ]);
      requireConsent(session);
      const plan = flags.plan === undefined ? undefined : await readPlan(flags.plan);
      const options = plan ? { plan } : planOptionsOf(flags);
      return await operate(session, {
        waitForLockMs: waitOf(flags),
        waitForPerson: waitsForPeople(flags),
        run: (api, run) => api.deploy({ ...options, ...run }),
      });
    }),
  );
}

async function readPlan(file: string): Promise<Plan> {
  const { SlipwayError } = await import('@slipway/core/provider');
  const refuse = (why: string) =>
    new SlipwayError('usage', `${file} ${why}.`, { subject: file, hint: 'Make one with: slipway plan --out FILE' });
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw refuse('cannot be read');
  }
  try {
    const plan = JSON.parse(text) as Plan;
    if (plan?.version === 1 && typeof plan.digest === 'string' && Array.isArray(plan.steps)) return plan;
  } catch {
    throw refuse('is not JSON');
  }
  throw refuse('is not a saved plan');
}
