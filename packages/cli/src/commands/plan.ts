import { writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import type { Plan } from '@slipway/core';
import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';
import { addPlanFlags, type PlanFlags, planOptionsOf } from '../plan-flags.ts';

interface Flags extends PlanFlags {
  out?: string;
  exitCode?: boolean;
}

export function define(command: Command): void {
  addPlanFlags(command)
    .option('--out <file>', 'save the plan, to be applied with deploy --plan')
    .option('--exit-code', 'exit with 6 when there are changes')
    .action(
      perform<[], Flags>(async (session, _, flags) => {
        keepYoungGenerationSmall();
        const api = await session.open();
        const plan = await api.plan(planOptionsOf(flags));
        const { renderPlan } = await import('../render/plan.ts');
        session.output.say(...renderPlan(plan, session.output));
        if (flags.out !== undefined) {
          await save(plan, flags.out);
          session.output.say(
            '',
            `Saved as ${flags.out}. Apply it: ${session.commandLine(`deploy --plan ${flags.out}`, plan.environment)}`,
          );
        }
        session.output.document(planDocument(plan));
        return flags.exitCode && plan.steps.length > 0 ? exitCode.changes : exitCode.done;
      }),
    );
}

async function save(plan: Plan, file: string): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(plan, null, 2)}\n`);
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    const { SlipwayError } = await import('@slipway/core/provider');
    throw new SlipwayError('usage', `The plan can not be written to ${file} (${code}).`, {
      subject: file,
      hint: 'Name a file in a folder that exists and that you may write to.',
      cause,
    });
  }
}

/** What a plan is made of is needed until it is printed: a young generation that grows only takes memory, 50 MB of it. */
function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** `plan --json`: the plan without what only the engine needs. */
export function planDocument(plan: Plan): Record<string, unknown> {
  const {
    kind,
    project,
    environment,
    ship,
    from,
    digest,
    changes,
    steps,
    waves,
    criticalPath,
    estimateMs,
    cost,
    warnings,
  } = plan;
  return {
    kind,
    project,
    environment,
    ship,
    ...(from ? { from } : {}),
    digest,
    changes,
    steps: steps.map(({ id, action, subject, needs, wave, estimateMs: estimate }) => {
      return { id, action, subject, needs, wave, estimateMs: estimate };
    }),
    waves,
    criticalPath,
    estimateMs,
    ...(cost ? { cost } : {}),
    warnings,
  };
}
