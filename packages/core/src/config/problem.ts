/** Keys and list positions from the top of a config down to a value. */
export type Path = readonly (string | number)[];

/** Something wrong in a config, and where it stands. */
export interface Problem {
  /** Relative to the project's directory, with `/`. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** Dotted path of the key, `services.backend.health`; empty for the file as a whole. */
  path: string;
  message: string;
  /** What to do about it. */
  hint?: string;
}

/** What is wrong with the value at a path, before anybody looked up where that is written. */
export interface Finding {
  path: Path;
  message: string;
  hint?: string;
}

/** One line for people: `slipway.yaml:12:5 services.backend.helth: unknown key; did you mean "health"?`. */
export function formatProblem(problem: Problem): string {
  const subject = problem.path === '' ? '' : ` ${problem.path}`;
  const hint = problem.hint === undefined ? '' : `; ${problem.hint}`;
  return `${problem.file}:${problem.line}:${problem.column}${subject}: ${problem.message}${hint}`;
}

/** `['services', 'web', 'steps', 1]` as `services.web.steps[1]`; unusual keys are quoted. */
export function formatPath(path: Path): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w$-]+$/.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${quote(key)}]`;
  }
  return text;
}

// Controls, and what turns the direction of text around: JSON.stringify lets most of them through.
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A text in quotes, safe for one line of a terminal: what can't be seen is escaped, what is long is cut. */
export function quote(text: string): string {
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
  return shown.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** A message on one line of bounded length, without what can't be seen: parsers and providers quote what they found. */
export function oneLine(text: string): string {
  const harmless = text.replace(INVISIBLE, ' ');
  return harmless.length > 500 ? `${harmless.slice(0, 499)}…` : harmless;
}
