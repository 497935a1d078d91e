import type { HeldLock } from './journal/lock-keeper.ts';
import type { Plan } from './plan/plan.ts';
import type { DeploymentReport } from './report/report.ts';
import { conclude } from './session/conclude.ts';
import { DeploymentRun, type RunParts } from './session/deployment-run.ts';
import { requirePromoted } from './session/environment-to-promote.ts';
import { makeDeploymentPlan } from './session/make-plan.ts';
import { readReport, reportCompleted } from './session/read-report.ts';
import { requireAgreement } from './session/require-agreement.ts';
import { requirePorts } from './session/require-ports.ts';
import { requireRouter } from './session/require-router.ts';
import { requireSecrets } from './session/require-secrets.ts';
import { takeSavedPlan } from './session/take-saved-plan.ts';
import { underLock } from './session/under-lock.ts';
import { settleUnfinished } from './session/unfinished.ts';
import type { Workspace } from './session/workspace.ts';
import type { DeployOptions, RunOptions, SlipwayEvent } from './slipway-api.ts';

/**
 * A deployment, whole: config, graph and plan; then, step by step through the journal, whatever the plan
 * holds, traffic and verification included; then the way back, if it must be; then the report.
 */
export async function deploy(
  workspace: Workspace,
  options: DeployOptions,
  emit: (event: SlipwayEvent) => void,
): Promise<DeploymentReport> {
  // 1 config: every problem is known before anything is touched.
  const { environment: settings } = await workspace.project();
  const environment = settings.name;
  return await underLock(workspace, environment, options, emit, async (lock) => {
    await settleUnfinished({ workspace, lock, options, emit }, environment);
    // 2 graph and 3 plan: pure, of what is declared, recorded and lies on disk.
    const plan = options.plan
      ? await takeSavedPlan(workspace, options.plan, environment, 'deploy')
      : await makeDeploymentPlan(workspace, options);
    requirePromoted(settings, plan);
    return await apply(workspace, lock, plan, options, emit);
  });
}

/** Applies a plan under a held lock; every kind of plan goes this way. */
export async function apply(
  workspace: Workspace,
  lock: HeldLock,
  plan: Plan,
  options: RunOptions,
  emit: (event: SlipwayEvent) => void,
): Promise<DeploymentReport> {
  emit({ kind: 'planned', plan });
  if (plan.steps.length === 0) return nothingToDo(plan);
  await requireSecrets(workspace, plan);
  await requireRouter(workspace, plan);
  await requirePorts(workspace, plan);
  await requireAgreement(plan, options);
  const parts: RunParts = { workspace, lock, plan, options, emit };
  // 4 execute, through 5 the journal; 6 traffic and 7 verification are steps like any other.
  const run = await DeploymentRun.begin(parts);
  const result = await run.execute();
  // 8 rollback, where the outcome and the policy ask for it.
  await conclude(run, result, parts);
  // 9 report, a projection of the journal.
  return result.status === 'completed' && !result.aborted
    ? await reportCompleted(workspace.store, run)
    : await readReport(workspace.store, run.id);
}

/** No step, no deployment: what is recorded is as wanted, and runs. */
function nothingToDo(plan: Plan): DeploymentReport {
  const now = new Date().toISOString();
  const counts = { create: 0, update: 0, replace: 0, delete: 0, none: plan.changes.length };
  const { kind, project, environment, ship, from, warnings } = plan;
  return {
    version: 1,
    id: '',
    kind,
    status: 'completed',
    project,
    environment,
    ship,
    ...(from ? { from } : {}),
    startedAt: now,
    endedAt: now,
    durationMs: 0,
    counts,
    steps: [],
    outputs: {},
    urls: {},
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}
