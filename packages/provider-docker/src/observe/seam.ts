import type { PrintedLine } from './lines-of.ts';

type Stream = PrintedLine['stream'];

/** The newest line that was told of a stream, by its stamp, and how many with the same stamp were. */
interface Told {
  at: string;
  count: number;
}

/**
 * Where reading a container's lines was broken off, to go on there: nothing is told twice, nothing left out. Stamps rise
 * within a stream and not across the two, and an engine that stamps by the second gives many lines the same.
 */
export class Seam {
  readonly #told: Record<Stream, Told>;

  /** `told`: the newest lines, oldest first, with all that bear the stamp of the last. */
  constructor(told: readonly PrintedLine[]) {
    const from = told[0]?.at ?? '';
    this.#told = { stdout: { at: from, count: 0 }, stderr: { at: from, count: 0 } };
    for (const line of told) this.#note(line);
  }

  /** In seconds since 1970, what an engine is to be asked for; 0: everything. */
  get since(): number {
    const { stdout, stderr } = this.#told;
    const oldest = stdout.at < stderr.at ? stdout.at : stderr.at;
    return oldest === '' ? 0 : Math.floor(Date.parse(oldest) / 1000);
  }

  /** For one reading from `since` on: says of each line in turn whether it is new. */
  read(): (line: PrintedLine) => boolean {
    const passing = { stdout: { ...this.#told.stdout }, stderr: { ...this.#told.stderr } };
    const arrived = { stdout: false, stderr: false };
    return (line) => {
      const { stream, at } = line;
      // Only up to the seam: a clock that is set back later keeps nothing new from being told.
      if (!arrived[stream]) {
        const told = passing[stream];
        if (at < told.at || (at === told.at && told.count-- > 0)) return false;
        arrived[stream] = true;
      }
      this.#note(line);
      return true;
    };
  }

  #note({ stream, at }: PrintedLine): void {
    const told = this.#told[stream];
    this.#told[stream] = { at, count: told.at === at ? told.count + 1 : 1 };
  }
}
