import { parseArgs } from 'node:util';

export interface Options {
  runs: number;
  seed: number;
  /** Only this run of them, to see a violation again. */
  only: number | undefined;
  /** Only runs of this operation, such as `shop`. */
  of: string | undefined;
  /** How many runs go on at once. */
  lanes: number;
  /** Where the folders of the runs are made; those of violations stay. Default: the system's temporary folder. */
  folder: string | undefined;
}

/** Throws with what to type instead. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      of: { type: 'string' },
      lanes: { type: 'string', default: '2' },
      folder: { type: 'string' },
    },
  });
  return {
    runs: wholeNumber('--runs', values.runs),
    seed: wholeNumber('--seed', values.seed),
    only: values.only === undefined ? undefined : wholeNumber('--only', values.only),
    of: values.of,
    lanes: Math.max(1, wholeNumber('--lanes', values.lanes)),
    folder: values.folder,
  };
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(
    `${flag} takes a whole number, not ${text}. Usage: npm run crash -- --runs N --seed S [--only RUN] [--of OPERATION] [--lanes N] [--folder DIR]`,
  );
}
