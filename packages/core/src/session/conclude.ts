import { describeError, type ErrorRecord, SlipwayError } from '../errors.ts';
import type { DeploymentStatus } from '../journal/event.ts';
import type { DeploymentHeader } from '../journal/store.ts';
import { DeploymentRun, type RunParts, type RunResult } from './deployment-run.ts';
import { goesBackByItself } from './goes-back-by-itself.ts';
import { inDoubt, isUnsettled, stoppedWhileSettling } from './in-doubt.ts';
import { planToTakeBack } from './make-plan.ts';

/**
 * Ends a run by what came of it: completed; stopped and resumable; in doubt, for a person to look; or taken
 * back, where the environment or a person says so. A rollback that fails is never itself rolled back.
 */
export async function conclude(run: DeploymentRun, result: RunResult, parts: RunParts): Promise<void> {
  const isAborted = result.aborted && run.plan.kind !== 'rollback';
  // Whoever aborts wants nothing of it to stay, also when all of it is done by then.
  if (result.status === 'completed' && !isAborted) {
    await run.end('completed');
    return;
  }
  if (parts.options.kill?.aborted) return;
  if (result.status === 'waiting' && !isAborted) {
    await run.leave();
    return;
  }
  const takesBack = (isAborted || goesBackByItself(run.plan, result)) && result.unknown.length === 0;
  const error = errorOf(run, result, takesBack);
  if (takesBack && isUnsettled(run.plan, result)) {
    // The way back would pass over what nobody knows of. The abort counts still when it is taken up.
    await run.end('cancelled', describeError(stoppedWhileSettling(run)));
  } else if (takesBack) {
    await takeBack(run, error, parts);
  } else {
    await run.end(result.unknown.length > 0 ? 'failed' : result.status, error);
  }
}

/** Rolls a deployment back to the snapshot from before it, as a deployment of its own under the same lock. */
export async function takeBack(run: DeploymentRun, error: ErrorRecord, parts: RunParts): Promise<void> {
  await run.status('rolling_back', error.message);
  if (parts.options.kill?.aborted) return;
  const header = await parts.workspace.store.deployment(run.id);
  try {
    await runRollback(run, header!, error, parts);
  } catch (thrown) {
    // Even the plan of the way back may fail. The deployment stays `rolling_back`: resume tries again.
    const why = describeError(thrown);
    throw new SlipwayError('rollback-impossible', `${error.message}\nIts rollback could not be begun: ${why.message}`, {
      subject: run.id,
      hint: `${why.hint ?? ''} Then: slipway resume.`.trim(),
      cause: thrown,
    });
  }
}

async function runRollback(
  run: DeploymentRun,
  header: DeploymentHeader,
  error: ErrorRecord,
  parts: RunParts,
): Promise<void> {
  const plan = await planToTakeBack(parts.workspace, header);
  if (plan.steps.length === 0) {
    await run.end('rolled_back', error);
    return;
  }
  const { signal: _, ...options } = parts.options;
  const rollback = await DeploymentRun.begin({ ...parts, plan, options }, run.id);
  const result = await rollback.execute({ takesBack: { deployment: run.id, heard: run.heard } });
  await finishRollback(rollback, result, run, error, parts);
}

/** Ends a rollback and, with it, the deployment that it took back. */
export async function finishRollback(
  rollback: DeploymentRun,
  result: RunResult,
  deployment: DeploymentRun | undefined,
  error: ErrorRecord | undefined,
  parts: RunParts,
): Promise<void> {
  await conclude(rollback, result, parts);
  if (!deployment || parts.options.kill?.aborted) return;
  if (result.status === 'cancelled' || result.status === 'waiting') return;
  const status: DeploymentStatus = result.status === 'completed' ? 'rolled_back' : 'failed';
  await deployment.end(status, error, rollback.id);
}

function errorOf(run: DeploymentRun, result: RunResult, takesBack: boolean): ErrorRecord {
  if (result.unknown.length > 0) return describeError(inDoubt(result));
  const [first] = result.failures;
  if (result.status === 'timed_out') {
    return {
      code: 'deployment-timeout',
      message: `The deployment took longer than its timeout of ${(run.plan.timeoutMs ?? 0) / 1_000} s.`,
      hint: takesBack
        ? "Give it longer, with --timeout or the environment's `timeout`, and deploy again."
        : "`slipway resume` gives it as long again. For longer, deploy again with --timeout or the environment's `timeout`.",
    };
  }
  if (result.aborted) return { code: 'aborted', message: 'A person aborted the deployment.' };
  if (result.status === 'cancelled')
    return { code: 'cancelled', message: 'The deployment was stopped before its end.', hint: 'slipway resume' };
  return first?.error ?? { code: 'failed', message: 'The deployment failed.' };
}
