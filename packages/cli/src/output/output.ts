import type { GlobalOptions } from '../program.ts';
import { type Colors, colorsFor, wantsColor } from './colors.ts';
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

  constructor(options: Pick<GlobalOptions, 'json' | 'events' | 'verbose'>) {
    this.mode = options.json ? 'json' : options.events ? 'events' : 'text';
    this.verbose = options.verbose ?? false;
    this.people = this.mode === 'text' ? process.stdout : process.stderr;
    this.colors = colorsFor(wantsColor(process.env, this.people));
    this.symbols = symbolsFor(process.env);
    this.live = this.people.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI;
  }

  /** Lines for people. */
  say(...lines: readonly string[]): void {
    if (lines.length > 0) this.people.write(`${lines.join('\n')}\n`);
  }

  /** Lines about something that went wrong, for people. */
  complain(...lines: readonly string[]): void {
    if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
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
