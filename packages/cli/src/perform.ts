import type { Command } from 'commander';
import { type ExitCode, exitCode } from './exit-code.ts';
import type { GlobalOptions } from './program.ts';
import type { Session } from './session.ts';

/** What a command does, given its arguments and options; it returns the exit code. */
export type Performance<Args extends readonly unknown[], Options> = (
  session: Session,
  args: Args,
  options: Options,
) => Promise<ExitCode>;

/**
 * Makes a commander action of a command: opens the session, closes it in every case, prints an error as one
 * block, and leaves the exit code in `process.exitCode`.
 */
export function perform<Args extends readonly unknown[], Options>(
  run: Performance<Args, Options>,
): (...all: unknown[]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    const args = all.slice(0, -2) as unknown as Args;
    const options = command.optsWithGlobals<GlobalOptions & Options>();
    const { Session } = await import('./session.ts');
    const session = new Session(options);
    // Until the command has said how it went: a process that ends without that has not succeeded.
    process.exitCode = exitCode.failed;
    const onDry = () => void reportUnfinished(session);
    process.once('beforeExit', onDry);
    try {
      process.exitCode = await run(session, args, options);
    } catch (error) {
      const { reportError } = await import('./render/error-block.ts');
      process.exitCode = reportError(error, session.output);
    } finally {
      process.off('beforeExit', onDry);
      await session.close();
    }
  };
}

/** Nothing is left that could wake the command, and it hasn't ended. */
async function reportUnfinished(session: Session): Promise<void> {
  const [{ SlipwayError }, { reportError }] = await Promise.all([
    import('@slipway/core/provider'),
    import('./render/error-block.ts'),
  ]);
  const error = new SlipwayError('unfinished', 'It waited for something that can not happen any more.', {
    hint: 'A config in TypeScript that awaits a promise which never settles does this. Otherwise report it, with what -v prints.',
  });
  reportError(error, session.output);
}
