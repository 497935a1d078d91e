import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOf } from '../address.ts';
import type { ServiceSpec } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { StepContext } from '../execute/handler.ts';
import type { Step } from '../plan/step.ts';
import type { Platform } from '../provider/contract.ts';
import { baseEnvironment, type CommandResult, runCommand } from '../provider/run-command.ts';

/** The variable that marks processes of one step, so that a resume can end what a killed run left. */
export const STEP_MARK = 'SLIPWAY_STEP_TOKEN';

export interface ServiceCommand {
  step: Step;
  context: StepContext;
  platform: Platform;
  /** What the person called it, for errors: `migration`, `smoke test`. */
  what: string;
  script: string;
  spec: ServiceSpec;
  /** The artifact's folder; the command runs in a copy of it. */
  artifact: string;
  extra?: Record<string, string>;
  /** What to do when it fails. Default: mend it and deploy again. */
  hint?: string;
}

/**
 * Runs a command of a service in a fresh copy of its artifact, with the service's environment. Returns its
 * standard output. Throws `command-failed` with the last lines when it ends with another code than 0.
 */
export async function runServiceCommand(command: ServiceCommand): Promise<string> {
  const { step, context, spec, what } = command;
  const service = nameOf(step.subject);
  const scratch = join(context.call.stateDirectory, 'scratch', context.token);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  try {
    await cp(command.artifact, scratch, { recursive: true, verbatimSymlinks: true });
    const result = await runCommand({
      script: command.script,
      cwd: join(scratch, spec.path),
      env: {
        ...baseEnvironment(),
        ...context.resolve(spec.env),
        SLIPWAY_ENVIRONMENT: context.environment,
        SLIPWAY_SERVICE: service,
        ...command.platform.commandEnvironment?.(context.call, service),
        ...command.extra,
        [STEP_MARK]: context.token,
      },
      signal: context.signal,
      onLine: (line) => context.log(line),
    });
    if (result.exitCode !== 0) throw commandFailed(what, step.subject, result, command.hint);
    return result.stdout;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A command that ended by itself and said that it failed. */
export function commandFailed(
  what: string,
  subject: string,
  { exitCode, endedBy, tail }: Pick<CommandResult, 'exitCode' | 'endedBy' | 'tail'>,
  hint = `Mend the ${what} command or what it works on, then deploy again.`,
): SlipwayError {
  const how = exitCode === null ? `was ended by ${endedBy}` : `ended with exit code ${exitCode}`;
  const last = tail.slice(-15).join('\n');
  return new SlipwayError('command-failed', `The ${what} of ${subject} ${how}.${last === '' ? '' : `\n${last}`}`, {
    subject,
    hint,
    details: { answered: true },
  });
}
