import { nameOf } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { Settlement, StepContext, StepHandlers } from '../execute/handler.ts';
import type { JsonObject } from '../json.ts';
import type { Step } from '../plan/step.ts';
import { endProcessesMarked } from '../provider/leftovers.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ArtifactStore } from '../release/artifact-store.ts';
import { runServiceCommand, type ServiceCommand, STEP_MARK } from './service-command.ts';
import { type ArtifactLookup, artifactOf } from './stage-handler.ts';

const AFTER_DOWN =
  'The command is that of the release which is taken back. Mend what it works on, then go on with the rollback: slipway resume.';

/**
 * Migrations up and down. Before `up` runs, the level that `status` prints is made durable: `down` returns
 * there, and an interrupted `up` is settled by asking `status` again.
 */
export function migrationHandlers(
  registry: ProviderRegistry,
  artifacts: ArtifactStore,
  lookup: ArtifactLookup,
): Pick<StepHandlers, 'migrate' | 'migrate-down'> {
  const commandOf = (step: Step, context: StepContext, artifact: string, spec: ServiceCommand['spec']) => ({
    step,
    context,
    platform: registry.requirePlatform(step.type, step.subject),
    spec,
    artifact,
  });
  return {
    migrate: {
      async run(step, context) {
        const { revision, migrations } = step.input;
        const digest = await artifactOf(revision, step.subject, lookup);
        const command = commandOf(step, context, await artifacts.require(digest, step.subject), revision.spec);
        const noted = context.notes.find((note) => 'level' in note);
        const level = noted ? (noted.level as string | null) : await levelOf(command, migrations.status);
        if (!noted) await context.note({ level, artifact: digest, spec: revision.spec as unknown as JsonObject });
        await runUp({ ...command, what: 'migration', script: migrations.up });
        const after = await levelOf(command, migrations.status);
        return { changes: [], detail: { level, after, artifact: digest } };
      },
      settle: (step, context) => settleMigration(step, context, step.input.migrations.status, 'up'),
    },
    'migrate-down': {
      async run(step, context) {
        const { artifact, spec, migrations, level } = step.input;
        if (!migrations.down) throw noWayDown(step);
        const command = commandOf(step, context, await artifacts.require(artifact, step.subject), spec);
        if (level !== null && (await levelOf(command, migrations.status)) === level) {
          return { changes: [], detail: { level, already: true } };
        }
        const extra: Record<string, string> = level === null ? {} : { SLIPWAY_MIGRATION_LEVEL: level };
        await context.note({ begun: true });
        await runServiceCommand({
          ...command,
          what: 'migration down',
          script: migrations.down,
          extra,
          hint: AFTER_DOWN,
        });
        return { changes: [], detail: { level } };
      },
      settle: (step, context) => settleMigration(step, context, step.input.migrations.status, 'down'),
    },
  };
}

/** What a migration applied before it failed is part of the data from then on: where nobody can tell, that is said. */
async function runUp(command: ServiceCommand): Promise<void> {
  try {
    await runServiceCommand(command);
  } catch (error) {
    const isTold = command.spec.migrations?.status !== undefined;
    if (isTold || !(error instanceof SlipwayError) || error.code !== 'command-failed') throw error;
    throw new SlipwayError('migration-broke-off', error.message, {
      subject: command.step.subject,
      hint: `What it had applied before it failed stays, and nothing can tell what that is: look in the database. With services.${nameOf(command.step.subject)}.migrations.status it would be taken down. Mend the migration, then deploy again.`,
      details: error.details,
      cause: error,
    });
  }
}

async function levelOf(
  command: Omit<ServiceCommand, 'what' | 'script'>,
  status: string | undefined,
): Promise<string | null> {
  if (status === undefined) return null;
  return (await runServiceCommand({ ...command, what: 'migration status', script: status })).trim();
}

/** With `status` the tool itself knows where it stands, and a second call continues from there. */
async function settleMigration(
  step: Step,
  context: StepContext,
  status: string | undefined,
  direction: 'up' | 'down',
): Promise<Settlement> {
  await endProcessesMarked(STEP_MARK, context.token);
  if (context.notes.length === 0) return { as: 'not-done', how: 'It had not begun.' };
  if (status !== undefined) return { as: 'not-done', how: 'Its status command says where to go on.' };
  if (context.failure instanceof SlipwayError && context.failure.details.answered === true) {
    return { as: 'not-done', how: 'It reported its failure itself.' };
  }
  return {
    as: 'unknown',
    look: `${step.subject}: look in its database whether the migration ${direction} was completed. It was interrupted, and without migrations.status nothing can tell.`,
  };
}

function noWayDown(step: Step): SlipwayError {
  return new SlipwayError('migration-irreversible', `${step.subject} declares no migrations.down.`, {
    subject: step.subject,
    details: { effect: 'none' },
  });
}
