import { widthOf } from '../render/width.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
// The whole line, before it is written: cells that were erased one by one would count as used when a terminal wraps anew.
const ERASE_LINE = '\u001b[2K';
// Before a line that wraps, whose second row would stand in what was there.
const ERASE_BELOW = '\u001b[J';
// A terminal that became narrower a moment before we are told cuts the frame's lines instead of wrapping them.
const CUT_LONG_LINES = '\u001b[?7l';
const WRAP_LONG_LINES = '\u001b[?7h';
// Terminals that know it show the update at once, see https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036
const BEGIN_UPDATE = '\u001b[?2026h';
const END_UPDATE = '\u001b[?2026l';

/** The part of a terminal that can be written to and measured. */
export interface TerminalStream {
  columns?: number;
  rows?: number;
  write(text: string): unknown;
}

/**
 * The last lines of a terminal, redrawn in place, with finished lines scrolling away above them. Right after
 * a resize too: the terminal has wrapped what stood there, so the height is counted anew at the new width.
 */
export class LiveArea {
  readonly #stream: TerminalStream;
  #drawn: readonly string[] = [];
  #columns = 0;
  #hidden = false;
  readonly #restore = () => this.#stream.write(SHOW_CURSOR);

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  /** For lines of a frame; a column less than the terminal, so that no line wraps. */
  get columns(): number {
    return Math.max(20, (this.#stream.columns ?? 80) - 1);
  }

  /** How many lines a frame may have. */
  get rows(): number {
    return Math.max(2, (this.#stream.rows ?? 24) - 2);
  }

  /** Writes `above` for good and `frame` below it, in place of the frame before. */
  draw(above: readonly string[], frame: readonly string[]): void {
    const columns = this.#stream.columns ?? 80;
    const resized = columns !== this.#columns;
    const inPlace = above.length === 0 && !resized;
    let text = this.#toTop(columns, resized);
    for (const line of above) text += `${widthOf(line) > columns ? ERASE_BELOW : ERASE_LINE}${line}\n`;
    text += CUT_LONG_LINES;
    for (const [index, line] of frame.entries()) {
      text += inPlace && this.#drawn[index] === line ? '\n' : `${ERASE_LINE}${line}\n`;
    }
    if (!this.#hidden) {
      this.#hidden = true;
      process.once('exit', this.#restore);
      text = HIDE_CURSOR + text;
    }
    this.#stream.write(`${BEGIN_UPDATE}${text}${ERASE_BELOW}${WRAP_LONG_LINES}${END_UPDATE}`);
    this.#drawn = frame;
    this.#columns = columns;
  }

  /** Takes the frame away and gives the cursor back. What was written above stays. */
  close(): void {
    if (!this.#hidden) return;
    this.draw([], []);
    this.#restore();
    process.removeListener('exit', this.#restore);
    this.#hidden = false;
  }

  #toTop(columns: number, resized: boolean): string {
    const height = this.#drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    if (height === 0) return '';
    const up = `\r\u001b[${height}A`;
    // Lines that the terminal has wrapped stay marked as such until they are erased, and would be joined again.
    return resized ? up + `${ERASE_LINE}\n`.repeat(height) + up : up;
  }
}
