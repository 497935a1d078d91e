import { SlipwayError } from '../errors.ts';
import type { HeldLock } from '../journal/lock-keeper.ts';
import type { DeploymentHeader, Store } from '../journal/store.ts';
import type { Plan } from '../plan/plan.ts';
import { wordWhenFound } from '../plan/word-when-found.ts';
import type { DeploymentReport } from '../report/report.ts';
import type { ResumeOptions, SlipwayEvent } from '../slipway-api.ts';
import { conclude, finishRollback, takeBack } from './conclude.ts';
import { DeploymentRun, type RunParts } from './deployment-run.ts';
import { inDoubt, isUnsettled, stoppedWhileSettling } from './in-doubt.ts';
import { planMissing } from './make-plan.ts';
import { readAllEvents } from './read-events.ts';
import { readReport, requireDeployment } from './read-report.ts';
import { requireAgreement } from './require-agreement.ts';
import { underLock } from './under-lock.ts';
import type { Workspace } from './workspace.ts';

/**
 * Goes on with what was killed, cancelled or failed, under its old id: settles what is in doubt, then runs
 * what is left. A deployment that was being taken back is taken back. Throws `nothing-to-resume`, `superseded`.
 */
export async function resume(
  workspace: Workspace,
  options: ResumeOptions,
  emit: (event: SlipwayEvent) => void,
): Promise<DeploymentReport> {
  const environment = await environmentOf(workspace, options.deployment);
  return await underLock(workspace, environment, options, emit, async (lock) => {
    const header = await choose(workspace, environment, options.deployment);
    const parts = await partsFor(workspace, lock, header, options, emit);
    refuseWrongWord(parts.plan, options);
    await (header.kind === 'rollback'
      ? resumeRollback(parts, header, options)
      : resumeDeployment(parts, header, options));
    return await readReport(
      workspace.store,
      header.kind === 'rollback' && header.rollbackOf ? header.rollbackOf : header.id,
    );
  });
}

async function environmentOf(workspace: Workspace, deployment: string | undefined): Promise<string> {
  if (deployment === undefined) return await workspace.environment();
  return (await requireDeployment(workspace.store, deployment)).environment;
}

/** Only the newest can go on: what came after an older one has built on what it left. */
async function choose(workspace: Workspace, environment: string, id: string | undefined): Promise<DeploymentHeader> {
  const [newest] = await workspace.store.deployments({ environment, limit: 1 });
  const wanted = id === undefined ? newest : await requireDeployment(workspace.store, id);
  if (!wanted || !newest) throw nothingToResume(environment);
  if (wanted.id !== newest.id && newest.rollbackOf !== wanted.id) {
    throw new SlipwayError('superseded', `${wanted.id} can't go on: ${newest.id} came after it.`, {
      subject: wanted.id,
      hint: 'Deploy again, or roll back to a deployment: slipway rollback --to DEPLOYMENT.',
    });
  }
  if (await isDone(workspace, newest)) throw nothingToResume(environment);
  return newest;
}

/** A rollback is done when what it took back says so too. */
async function isDone({ store }: Workspace, { status, rollbackOf }: DeploymentHeader): Promise<boolean> {
  const of = rollbackOf === null ? undefined : await store.deployment(rollbackOf);
  return (status === 'completed' || status === 'rolled_back') && of?.status !== 'rolling_back';
}

function nothingToResume(environment: string): SlipwayError {
  return new SlipwayError('nothing-to-resume', `Nothing in ${environment} is waiting to be finished.`, {
    subject: environment,
    hint: 'See slipway history.',
  });
}

async function partsFor(
  workspace: Workspace,
  lock: HeldLock,
  header: DeploymentHeader,
  options: ResumeOptions,
  emit: (event: SlipwayEvent) => void,
): Promise<RunParts> {
  const plan = await workspace.store.plan(header.plan);
  if (!plan) throw planMissing(header.id);
  emit({ kind: 'planned', plan });
  await requireAgreement(plan, options);
  return { workspace, lock, plan, options, emit };
}

/** A person's word on a step that isn't there, or that would leave something out of the record, is refused. */
function refuseWrongWord(plan: Plan, { redo = [], done = [] }: ResumeOptions): void {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  for (const id of [...redo, ...done]) {
    if (steps.has(id)) continue;
    throw new SlipwayError('step-unknown', `The deployment has no step ${id}.`, {
      subject: id,
      hint: 'See slipway show.',
    });
  }
  for (const id of done) {
    const { action, subject } = steps.get(id)!;
    const word = wordWhenFound(action);
    if (word === 'done') continue;
    const hint =
      word === 'import'
        ? `Bring it into the record: slipway import ${subject} ID, then slipway resume.`
        : `Let it be done again, which records it: slipway resume --redo ${id}.`;
    throw new SlipwayError('not-recorded', `"${id}" being done must be recorded, and saying so doesn't do that.`, {
      subject: id,
      hint,
    });
  }
}

async function resumeDeployment(parts: RunParts, header: DeploymentHeader, options: ResumeOptions): Promise<void> {
  const { store } = parts.workspace;
  const past = await readAllEvents(store, { environment: header.environment, deployment: header.id });
  const run = await DeploymentRun.takeUp(parts, header);
  const settle = { redo: new Set(options.redo), done: new Set(options.done) };
  if (header.status === 'rolling_back') {
    const found = await run.execute({ past, settle, settleOnly: true });
    if (parts.options.kill?.aborted) return;
    const isStopped = (found.status === 'cancelled' && !found.aborted) || isUnsettled(parts.plan, found);
    if (found.unknown.length > 0 || isStopped) {
      // Not ended, so that whoever takes it up goes on with the way back, and nothing else begins before.
      await run.leave();
      throw found.unknown.length > 0 ? inDoubt(found) : stoppedWhileSettling(header);
    }
    await takeBack(run, header.error ?? { code: 'failed', message: 'The deployment failed.' }, parts);
    return;
  }
  await conclude(run, await run.execute({ past, settle }), parts);
}

async function resumeRollback(parts: RunParts, header: DeploymentHeader, options: ResumeOptions): Promise<void> {
  const { store } = parts.workspace;
  const past = await readAllEvents(store, { environment: header.environment, deployment: header.id });
  const rollback = await DeploymentRun.takeUp(parts, header);
  const settle = { redo: new Set(options.redo), done: new Set(options.done) };
  const deployment = header.rollbackOf === null ? undefined : await store.deployment(header.rollbackOf);
  const takesBack = deployment && { deployment: deployment.id, heard: await lastHeard(store, deployment) };
  const result = await rollback.execute({ past, settle, ...(takesBack ? { takesBack } : {}) });
  const plan = deployment && (await store.plan(deployment.plan));
  const of = deployment && plan ? await DeploymentRun.attach({ ...parts, plan }, deployment) : undefined;
  await finishRollback(rollback, result, of, deployment?.error ?? undefined, parts);
}

/** The number of the last word of a person to this deployment that a run of its own heard; 0: none was. */
async function lastHeard(store: Store, { id, environment }: DeploymentHeader): Promise<number> {
  let heard = 0;
  for (const event of await readAllEvents(store, { environment, deployment: id })) {
    if (event.type === 'deployment.asked') heard = Math.max(heard, event.data.number);
  }
  return heard;
}
