import { nameOf } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { StepContext, StepHandlers } from '../execute/handler.ts';
import type { Step } from '../plan/step.ts';
import { endProcessesMarked } from '../provider/leftovers.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ArtifactStore } from '../release/artifact-store.ts';
import type { RevisionRecord } from '../state/record.ts';
import { runServiceCommand, STEP_MARK } from './service-command.ts';

/** Runs a test against a revision that has no traffic yet; SLIPWAY_URL reaches that revision alone. */
export function testHandler(registry: ProviderRegistry, artifacts: ArtifactStore): StepHandlers['test'] {
  return {
    async run(step, context) {
      const platform = registry.requirePlatform(step.type, step.subject);
      const revision = recordedRevision(step, context, step.input.revision);
      const running = (await platform.list(context.call)).find((one) => {
        return one.service === nameOf(step.subject) && one.revision === revision.id;
      });
      if (!running) throw notRunning(step, revision.id);
      await runServiceCommand({
        step,
        context,
        platform,
        what: `${step.input.level} test`,
        script: step.input.command,
        spec: revision.spec,
        artifact: await artifacts.require(revision.release.artifact, step.subject),
        extra: { SLIPWAY_URL: running.preview, SLIPWAY_REVISION: revision.id },
      });
      return { changes: [], detail: { level: step.input.level, url: running.preview } };
    },
    async settle(_step, context) {
      await endProcessesMarked(STEP_MARK, context.token);
      return { as: 'not-done', how: 'A test can be run again; what it had started has been ended.' };
    },
  };
}

function recordedRevision(step: Step, context: StepContext, id: string): RevisionRecord {
  const record = context.record(step.subject);
  const revision = record?.kind === 'service' ? record.revisions[id] : undefined;
  if (revision) return revision;
  throw notRunning(step, id);
}

function notRunning(step: Step, revision: string): SlipwayError {
  return new SlipwayError('revision-missing', `${revision} does not run, so it can't be tested.`, {
    subject: step.subject,
    hint: 'Plan again.',
    details: { effect: 'none' },
  });
}
