import { parseArgs } from 'node:util';
import type { Where } from './ground.ts';

export interface Options {
  runs: number;
  seed: number;
  on: Where;
  /** Where folders are made; that of a violation stays. Default: the system's temporary folder. */
  folder: string | undefined;
}

const USAGE = 'npm run chaos -- --runs N --seed S --on local|docker|ssh [--folder DIR]';

/** Throws with what to type instead. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      on: { type: 'string', default: 'local' },
      folder: { type: 'string' },
    },
  });
  const { on, folder } = values;
  if (on !== 'local' && on !== 'docker' && on !== 'ssh') throw new Error(`--on takes no ${on}. Usage: ${USAGE}`);
  return { runs: wholeNumber('--runs', values.runs), seed: wholeNumber('--seed', values.seed), on, folder };
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${flag} takes a whole number, not ${text}. Usage: ${USAGE}`);
}
