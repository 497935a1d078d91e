import type { Address } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Workspace } from './workspace.ts';

/**
 * Makes sure that what a plan would start is kept as it was built, before anything of it is run. Throws
 * `artifact-missing` and `artifact-altered`.
 */
export async function requirePromotedArtifacts(workspace: Workspace, plan: Plan, from: string): Promise<void> {
  for (const step of plan.steps) {
    if (step.action !== 'stage' || step.input.revision.artifact === undefined) continue;
    await requireArtifact(workspace, step.input.revision.artifact, step.subject, from);
  }
}

/** The folder of an artifact that a promotion needs, its content held against the digest. */
export async function requireArtifact(
  { artifacts }: Workspace,
  digest: string,
  subject: Address,
  from: string,
): Promise<string> {
  try {
    return await artifacts.require(digest, subject);
  } catch (cause) {
    if (!(cause instanceof SlipwayError)) throw cause;
    throw new SlipwayError(cause.code, cause.message, {
      subject,
      hint: `Put it back from a backup, or bring out a new version in ${from} first: a promotion builds nothing.`,
      cause,
    });
  }
}
