import type { Colors } from '../output/colors.ts';
import { count, oneLine } from './text.ts';

/** What a config problem carries, as far as it is shown. */
export interface ConfigProblem {
  file: string;
  line?: number;
  column?: number;
  path?: string;
  message: string;
  hint?: string;
}

/** The problems that a `config-invalid` error carries; none for any other error. */
export function problemsOf(thrown: unknown): ConfigProblem[] {
  if (!(thrown instanceof Error) || !('code' in thrown) || thrown.code !== 'config-invalid') return [];
  const details = 'details' in thrown ? (thrown.details as { problems?: ConfigProblem[] }) : {};
  return details.problems ?? [];
}

/** One line each, `file:line:column path: what is wrong; what to do`, as editors and people follow it. */
export function renderProblems(problems: readonly ConfigProblem[], colors: Colors): string[] {
  return [
    `${colors.red('Error')} ${colors.dim('[config-invalid]')} ${count(problems.length, 'problem')} in the config`,
    ...problems.map((problem) => {
      const subject = problem.path ? ` ${colors.bold(problem.path)}` : '';
      const hint = problem.hint === undefined ? '' : `; ${problem.hint}`;
      return `${place(problem)}${subject}: ${oneLine(`${problem.message}${hint}`)}`;
    }),
  ];
}

function place({ file, line, column }: ConfigProblem): string {
  return [file, ...(line === undefined ? [] : [line, ...(column === undefined ? [] : [column])])].join(':');
}
