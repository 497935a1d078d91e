import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';
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
    const [{ Session }, { SafetyNet }] = await Promise.all([import('./session.ts'), import('./safety-net.ts')]);
    const session = new Session(options);
    using _net = new SafetyNet(session);
    try {
      process.exitCode = await run(session, args, options);
    } catch (error) {
      const { reportError } = await import('./render/error-block.ts');
      process.exitCode = reportError(error, session.output);
    } finally {
      await session.close();
    }
  };
}
