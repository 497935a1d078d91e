import type { GlobalOptions } from '../program.ts';
import { wrap } from '../render/wrap.ts';
import { type Colors, colorsFor, wantsColor } from './colors.ts';
import { copyable, type Place } from './copyable.ts';
import { type Symbols, symbolsFor } from './symbols.ts';

export type OutputMode = 'text' | 'json' | 'events';

/**
 * Where a command's words go. Text mode: people read stdout. With `--json` or `--events`, stdout belongs to
 * machines alone and people read stderr. Errors always go to stderr.
 */
export class Output {
  readonly mode: OutputMode;
  readonly verbose: boolean;
  /** The stream that people read. */
  readonly people: NodeJS.WriteStream;
  readonly colors: Colors;
  readonly symbols: Symbols;
  /** The people's stream is a terminal that can be redrawn: not in CI, not dumb. */
  readonly live: boolean;
  /** Gives the commands that a text names the flags that this one was given. */
  readonly copyable: (text: string) => string;

  constructor(options: Pick<GlobalOptions, 'json' | 'events' | 'verbose'> & Place) {
    this.copyable = (text) => copyable(text, options);
    this.mode = options.json ? 'json' : options.events ? 'events' : 'text';
    this.verbose = options.verbose ?? false;
    this.people = this.mode === 'text' ? process.stdout : process.stderr;
    this.colors = colorsFor(wantsColor(process.env, this.people));
    this.symbols = symbolsFor(process.env);
    this.live = this.people.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI;
  }

  /** Lines for people. */
  say(...lines: readonly string[]): void {
    write(this.people, lines);
  }

  /** Lines about something that went wrong, for people. */
  complain(...lines: readonly string[]): void {
    write(process.stderr, lines);
  }

  /** With `--json`, the command's one document; nothing otherwise. */
  document(content: Readonly<Record<string, unknown>>): void {
    if (this.mode === 'json') process.stdout.write(`${JSON.stringify({ version: 1, ...content })}\n`);
  }

  /** With `--events`, one line; nothing otherwise. */
  event(content: object): void {
    if (this.mode === 'events') process.stdout.write(`${JSON.stringify(content)}\n`);
  }
}

/** On a terminal no word is torn apart at its edge; what is read by others keeps its lines. */
function write(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const { isTTY, columns } = stream;
  const shown =
    isTTY && columns > 0 ? lines.flatMap((line) => line.split('\n').flatMap((one) => wrap(one, columns))) : lines;
  stream.write(`${shown.join('\n')}\n`);
}
