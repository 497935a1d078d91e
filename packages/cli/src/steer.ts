import type { DeploymentReport, LeftWish, LockState } from '@slipway/core';
import type { Command } from 'commander';
import { type ExitCode, exitCode } from './exit-code.ts';
import { perform } from './perform.ts';
import type { Session } from './session.ts';
import { addWaitFlag, type WaitFlag, waitOf, waitsForPeople } from './wait-flag.ts';

type Wish = 'cancel' | 'abort' | 'pause' | 'continue' | 'promote';

const OVER = ['completed', 'rolled_back', 'failed'] as const;
type Over = (typeof OVER)[number];

/** A command line that reaches the same project and environment. */
type Slipway = (command: string) => string;

interface Flags extends WaitFlag {
  reason?: string;
}

/** What a person reads after the wish was left. */
interface Answers {
  /** A living process runs the deployment and will see it. */
  running(deployment: string, slipway: Slipway): string;
  /** No process runs it, and it is not over: said before this one takes it up, where it does. */
  idle(deployment: string, slipway: Slipway): string;
  /** It goes back already, or is a way back itself. */
  goingBack?(deployment: string, slipway: Slipway): string;
  /** It is over like that: what else may be meant. `wentBack`: it was a way back itself. */
  instead?(over: Over, deployment: string, slipway: Slipway, wentBack: boolean): string | undefined;
  /** Whether this process takes up what no other one runs: one command is enough then. */
  takesUp: boolean;
  /** Whether nothing running means that there is nothing to do, or that the wish can't be met. */
  codeWhenIdle: ExitCode;
}

/** Gives a command the argument `[deployment]`, `--reason`, and the action of leaving that wish and having it met. */
export function defineSteering(command: Command, wish: Wish, answers: Answers): void {
  command.argument('[deployment]', 'its id (default: the newest)').option('--reason <text>', 'why, for the journal');
  if (answers.takesUp) addWaitFlag(command);
  command.action(
    perform<[string | undefined], Flags>(async (session, [wanted], { reason, ...flags }) => {
      const api = await session.open();
      const left = await api.control(wish, wanted, reason);
      const { kind, status, environment } = await api.report(left.deployment);
      const slipway = (text: string) => session.commandLine(text, environment);
      const goesBack = kind === 'rollback' || status === 'rolling_back';
      const say = goesBack ? (answers.goingBack ?? answers.running) : answers.running;
      if (left.running) {
        session.output.say(say(left.deployment, slipway));
        return document(session, wish, left, exitCode.done);
      }
      // Who names none means what goes on there.
      if (wanted === undefined && left.heldBy && !left.left) throw await heldBy(left.heldBy);
      session.output.say(whyNot(answers, left, { kind, status }, slipway));
      if (!left.left || !answers.takesUp) return document(session, wish, left, answers.codeWhenIdle);
      return await takeUp(session, left.deployment, flags);
    }),
  );
}

/** What a person reads where no process runs it. */
function whyNot(
  answers: Answers,
  left: LeftWish,
  { kind, status }: Pick<DeploymentReport, 'kind' | 'status'>,
  slipway: Slipway,
): string {
  const { deployment, supersededBy } = left;
  if (left.left) return answers.idle(deployment, slipway);
  const is = status.replaceAll('_', ' ');
  if (supersededBy !== undefined) {
    const came = `${deployment} is ${is}, and ${supersededBy} came after it: it can't be steered any more.`;
    return answers.takesUp ? `${came} Deploy again, or: ${slipway('rollback --to DEPLOYMENT')}` : came;
  }
  const over = OVER.find((one) => one === status);
  if (!over) return answers.idle(deployment, slipway);
  const instead = answers.instead?.(over, deployment, slipway, kind === 'rollback');
  return instead === undefined ? `${deployment} is over: ${is}.` : `${deployment} is over: ${is}. ${instead}`;
}

async function heldBy(lock: LockState): Promise<Error> {
  const { lockHeld } = await import('@slipway/core');
  return lockHeld(lock, false);
}

function document(
  session: Session,
  wish: Wish,
  { deployment, running, left, supersededBy }: LeftWish,
  code: ExitCode,
): ExitCode {
  const after = supersededBy === undefined ? {} : { supersededBy };
  session.output.document({ id: deployment, wish, running, ...(left ? { left } : {}), ...after });
  return code;
}

/** Runs it here, from where it stands; what was just wished is obeyed first. */
async function takeUp(session: Session, deployment: string, flags: WaitFlag): Promise<ExitCode> {
  const [{ operate }, { stepsDone }] = await Promise.all([import('./operate.ts'), import('./steps-done.ts')]);
  return await operate(session, {
    confirm: false,
    waitForLockMs: waitOf(flags),
    waitForPerson: waitsForPeople(flags),
    doneBefore: await stepsDone(await session.open(), deployment),
    run: (api, run) => api.resume({ deployment, ...run }),
  });
}
