import type { Address } from '../address.ts';
import type { HealthCheck } from '../config/project.ts';
import { equalJson } from '../json.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';
import { desiredRevision } from './desired-revision.ts';
import { deadlineOf } from './health-deadline.ts';
import type { DesiredRevision, StepWork } from './step.ts';
import type { StepDrafts } from './step-drafts.ts';

/** What is to run again, and how. */
export interface ServiceRestoration {
  record: ServiceRecord;
  revisions: readonly RevisionRecord[];
  /** Default: that of the active revision. */
  health?: HealthCheck;
  /** What must have succeeded before. */
  needs?: readonly string[];
  /** The step that builds the artifact again, when it isn't kept any more. */
  build?: string | undefined;
  /** What is declared besides the release. Default: as recorded. */
  meta?: { tags: Record<string, string>; dependsOn: Address[]; protect: boolean };
}

/**
 * Emits what brings a recorded service back, from the record alone: its revisions run, the active one answers, then
 * the recorded weights are set, and it answers from outside. Each step is safe where there is nothing to bring back.
 * Returns the steps that stand for the service being there.
 */
export function restoreService(restoration: ServiceRestoration, drafts: StepDrafts): string[] {
  const { record, revisions, needs = [], build } = restoration;
  const { address, platform, weights, routes } = record;
  const { tags, dependsOn, protect } = restoration.meta ?? record;
  const service = (suffix: string, work: StepWork, after: readonly string[], timeoutMs?: number) => {
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    return drafts.service(address, platform, suffix, work, { needs: [...after], ...options });
  };
  let staged = build === undefined ? [...needs] : [...needs, build];
  // One after another: each writes the service's record.
  for (const one of revisions) {
    const slots = slotsOf(one);
    // An old revision that a rolling update emptied has nothing to run.
    if (slots.length === 0) continue;
    const revision = build === undefined ? desiredRevision(one) : builtAgain(one);
    const work: StepWork = {
      action: 'stage',
      input: { revision, ...(equalJson(slots, [0]) ? {} : { slots }), tags, dependsOn, protect },
    };
    staged = [service(`stage-${revision.id}`, work, staged)];
  }
  const active = activeRevision(record);
  if (!active) return staged;
  const { health = active.spec.health } = restoration;
  const check = { revision: active.id, health };
  const probed = service('probe', { action: 'probe', input: check }, staged, deadlineOf(health));
  const switched = service(
    'switch',
    { action: 'switch', input: { weights, roles: {}, ...(routes ? { routes } : {}) } },
    [probed],
  );
  return [service('verify', { action: 'verify', input: check }, [switched], deadlineOf(health))];
}

/** The artifact is the one that the build step makes. */
function builtAgain(revision: RevisionRecord): DesiredRevision {
  const { artifact: _, ...desired } = desiredRevision(revision);
  return desired;
}
