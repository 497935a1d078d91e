import { CommanderError } from 'commander';
import { exitCode } from './exit-code.ts';
import { buildProgram, HELP_HINT } from './program.ts';

/**
 * Runs one command line and leaves its exit code in `process.exitCode`, so that pending output is written
 * before the process ends by itself. Never rejects.
 */
export async function main(args: readonly string[]): Promise<void> {
  surviveClosedPipes();
  try {
    await buildProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = await settleError(error, args);
  }
}

/** `slipway plan | head` closes our output early, and so does a terminal that goes away; that must not end a deployment. */
function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
}

async function settleError(error: unknown, args: readonly string[]): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCode.done;
    if (args.includes('--json')) {
      const isHelp = error.code === 'commander.help';
      const message = isHelp
        ? 'A command is missing, or there is none of that name.'
        : error.message.replace(/^error: /, '');
      process.stdout.write(`${JSON.stringify({ version: 1, error: { code: 'usage', message, hint: HELP_HINT } })}\n`);
    }
    return exitCode.usage;
  }
  const [{ reportError }, { Output }] = await Promise.all([
    import('./render/error-block.ts'),
    import('./output/output.ts'),
  ]);
  return reportError(error, new Output({ json: args.includes('--json'), verbose: args.includes('-v') }));
}
