import { describeError, type ErrorRecord } from '@slipway/core/provider';
import { type ExitCode, exitCode, exitCodeOfError } from '../exit-code.ts';
import { colorsFor, wantsColor } from '../output/colors.ts';
import type { Output } from '../output/output.ts';
import type { Look } from './plan.ts';
import { problemsOf, renderProblems } from './problems.ts';

/** One block: what happened, to what, what to do now. */
export function renderError(error: ErrorRecord, { colors, copyable }: Pick<Look, 'colors' | 'copyable'>): string[] {
  const [first = '', ...more] = error.message.trimEnd().split('\n');
  return [
    `${colors.red('Error')} ${colors.dim(`[${error.code}]`)} ${first}`,
    ...more.map((line) => `  ${line}`),
    ...(error.subject === undefined ? [] : [`  ${colors.dim('what:')} ${error.subject}`]),
    ...(error.hint === undefined ? [] : [`  ${colors.dim('now:')}  ${copyable(error.hint)}`]),
  ];
}

/**
 * Prints what was thrown, for people and with `--json` as the one document, and returns the exit code. The
 * stack of an unexpected error is shown with `-v` alone.
 */
export function reportError(thrown: unknown, output: Output): ExitCode {
  const error = isAbort(thrown)
    ? { code: 'interrupted', message: 'Stopped before anything was changed.' }
    : withWayOn(describeError(thrown));
  const problems = problemsOf(thrown);
  const colors = colorsFor(wantsColor(process.env, process.stderr));
  const code = exitCodeOfError(error.code);
  if (code === exitCode.done)
    output.say(error.message, ...(error.hint === undefined ? [] : [output.copyable(error.hint)]));
  else
    output.complain(
      ...(problems.length > 0
        ? renderProblems(problems, colors)
        : renderError(error, { colors, copyable: output.copyable })),
    );
  if (output.verbose && thrown instanceof Error && thrown.stack) output.complain(colors.dim(thrown.stack));
  output.document({ error: { ...error, ...(problems.length > 0 ? { problems } : {}) } });
  return code;
}

/** An error without a hint is one that nobody foresaw. */
function withWayOn(error: ErrorRecord): ErrorRecord {
  if (error.code !== 'unexpected' || error.hint !== undefined) return error;
  return { ...error, hint: 'This is a fault of Slipway itself. Run it again with -v and report what it prints.' };
}

/** True when it was thrown because a signal stopped what went on. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}
