import { createInterface } from 'node:readline/promises';
import type { Plan } from '@slipway/core';
import { SlipwayError } from '@slipway/core/provider';
import { renderPlan } from './render/plan.ts';
import type { Session } from './session.ts';

/** Without a terminal nobody can be asked: refused before anything is done, unless `--yes` was given. */
export function requireConsent({ options }: Session): void {
  if (options.yes || process.stdin.isTTY) return;
  throw new SlipwayError('usage', 'This command changes things and there is no terminal to ask at.', {
    hint: 'Look at `slipway plan` first, then add --yes.',
  });
}

/**
 * Shows the plan and asks whether to go on: y or yes; for a protected environment, its name. `--yes` answers
 * for the person. An aborted `signal` counts as no.
 */
export async function confirmPlan(
  session: Session,
  plan: Plan,
  environment: { name: string; protected: boolean },
  signal: AbortSignal,
): Promise<boolean> {
  const { output, options } = session;
  output.say(...renderPlan(plan, output), '');
  if (options.yes || plan.steps.length === 0) return true;
  const question = environment.protected
    ? `${environment.name} is protected. Type its name to go on: `
    : `Go on with ${environment.name}? (y/N) `;
  const answer = await ask(output.colors.bold(question), output.people, signal);
  const yes = environment.protected ? answer === environment.name : /^y(es)?$/i.test(answer);
  if (yes) output.say('');
  return yes;
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
