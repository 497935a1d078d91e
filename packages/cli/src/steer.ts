import type { Command } from 'commander';
import { type ExitCode, exitCode } from './exit-code.ts';
import { perform } from './perform.ts';

type Wish = 'cancel' | 'abort' | 'pause' | 'continue' | 'promote';

/** A command line that reaches the same project and environment. */
type Slipway = (command: string) => string;

/** What a person reads after the wish was left. */
interface Answers {
  /** A living process runs the deployment and will see it. */
  running(deployment: string, slipway: Slipway): string;
  /** No process runs it. */
  idle(deployment: string, slipway: Slipway): string;
  /** Whether nothing running means that there is nothing to do, or that the wish can't be met. */
  codeWhenIdle: ExitCode;
}

/** Gives a command the argument `[deployment]`, `--reason`, and the action of leaving that wish for its runner. */
export function defineSteering(command: Command, wish: Wish, answers: Answers): void {
  command
    .argument('[deployment]', 'its id (default: the newest)')
    .option('--reason <text>', 'why, for the journal')
    .action(
      perform<[string | undefined], { reason?: string }>(async (session, [wanted], { reason }) => {
        const api = await session.open();
        const { deployment, running } = await api.control(wish, wanted, reason);
        const { status, environment } = await api.report(deployment);
        const slipway = (text: string) => session.commandLine(text, environment);
        session.output.document({ id: deployment, wish, running });
        if (running) {
          session.output.say(answers.running(deployment, slipway));
          return exitCode.done;
        }
        const isOver = status === 'completed' || status === 'rolled_back';
        session.output.say(
          isOver ? `${deployment} is over: ${status.replaceAll('_', ' ')}.` : answers.idle(deployment, slipway),
        );
        return answers.codeWhenIdle;
      }),
    );
}
