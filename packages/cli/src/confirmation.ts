import { createInterface } from 'node:readline/promises';
import type { Plan } from '@slipway/core';
import { SlipwayError } from '@slipway/core/provider';
import { renderPlan } from './render/plan.ts';
import type { Session } from './session.ts';

/** Names the environment that may be changed without asking, as `--confirm` does; for pipelines. */
const CONFIRM_VARIABLE = 'SLIPWAY_CONFIRM';

/** Without a terminal nobody can be asked: refused before anything is done, unless somebody answered beforehand. */
export function requireConsent({ options }: Session): void {
  if (options.yes || confirmedBeforehand(options) !== undefined || process.stdin.isTTY) return;
  throw new SlipwayError('usage', 'This command changes things and there is no terminal to ask at.', {
    hint: 'Look at `slipway plan` or `slipway status` first, then add --yes, or --confirm with the name of the environment.',
  });
}

/**
 * Shows the plan and asks whether to go on: y or yes; for a protected environment, its name. `--yes` answers for the
 * person where the environment isn't protected, `--confirm` and SLIPWAY_CONFIRM for the environment that they name.
 * An aborted `signal` counts as no. Throws `not-confirmed` where nobody can be asked.
 */
export async function confirmPlan(
  session: Session,
  plan: Plan,
  environment: { name: string; protected: boolean; stops?: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { output, options } = session;
  refuseOtherName(options, environment.name);
  const { stops } = environment;
  if (stops !== undefined) output.say(`${stops} waits for a person. It is stopped, and takes back what it did:`);
  output.say(...renderPlan(plan, output), '');
  if (plan.steps.length === 0 && stops === undefined) return true;
  if (confirmedBeforehand(options) === environment.name || (options.yes && !environment.protected)) return true;
  if (!process.stdin.isTTY) throw nobodyToAsk(environment);
  const question = environment.protected
    ? `${environment.name} is protected. Type its name to go on: `
    : `Go on with ${environment.name}? (y/N) `;
  const answer = await ask(output.colors.bold(question), output.people, signal);
  const yes = environment.protected ? answer === environment.name : /^y(es)?$/i.test(answer);
  if (yes) output.say('');
  return yes;
}

function confirmedBeforehand({ confirm }: Session['options']): string | undefined {
  return confirm ?? (process.env[CONFIRM_VARIABLE] || undefined);
}

/** The variable may stand for a whole pipeline; the flag was typed for this command, and means another environment. */
function refuseOtherName({ confirm }: Session['options'], environment: string): void {
  if (confirm === undefined || confirm === environment) return;
  throw new SlipwayError('not-confirmed', `--confirm names ${confirm}, but this would change ${environment}.`, {
    subject: environment,
    hint: 'Nothing was changed. Name the same environment with --env and --confirm.',
  });
}

function nobodyToAsk(environment: { name: string; protected: boolean }): SlipwayError {
  const { name } = environment;
  const why = environment.protected
    ? `${name} is protected, and there is no terminal to type its name at.`
    : `${name} was not confirmed, and there is no terminal to ask at.`;
  return new SlipwayError('not-confirmed', why, {
    subject: name,
    hint: `Nothing was changed. When ${name} is meant: add --confirm ${name}, or set ${CONFIRM_VARIABLE}=${name}.`,
  });
}

async function ask(question: string, stream: NodeJS.WriteStream, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: stream });
  // On a terminal that readline holds, Ctrl-C comes as a key; it means what it means everywhere else.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    return (await Promise.race([terminal.question(question, { signal }), closed])).trim();
  } catch (error) {
    if (signal.aborted) return '';
    throw error;
  } finally {
    terminal.close();
  }
}
