import { formatDuration } from '../render/duration.ts';
import type { Look } from '../render/plan.ts';
import { count, fit, fitColored } from '../render/text.ts';
import { wrap } from '../render/wrap.ts';
import { describeFinished, describeLock, firstLine } from './describe.ts';
import type { Display } from './display.ts';
import { renderFrame } from './frame.ts';
import { type Happening, wentWell } from './happening.ts';
import { LiveArea, type TerminalStream } from './live-area.ts';
import type { Progress } from './progress.ts';

const SHORTEST_BETWEEN_FRAMES_MS = 100;
const CLOCK_MS = 1000;
const MOST_LINES_A_FRAME = 12;

/** A terminal's live tree: redrawn when something happened, at most ten times a second, and once a second for the clocks. */
export class LiveDisplay implements Display {
  readonly #area: LiveArea;
  readonly #stream: TerminalStream & NodeJS.EventEmitter;
  readonly #progress: Progress;
  readonly #look: Look;
  readonly #verbose: boolean;
  #finished: Extract<Happening, { kind: 'finished' }>[] = [];
  #notes: string[] = [];
  #waiting: string | undefined;
  #next: NodeJS.Timeout | undefined;
  #lastFrame = 0;
  #closed = false;
  readonly #clock: NodeJS.Timeout;
  readonly #redraw = () => this.#draw();

  constructor(
    stream: TerminalStream & NodeJS.EventEmitter,
    progress: Progress,
    { look, verbose }: { look: Look; verbose: boolean },
  ) {
    this.#area = new LiveArea(stream);
    this.#stream = stream;
    this.#progress = progress;
    this.#look = look;
    this.#verbose = verbose;
    this.#clock = setInterval(this.#redraw, CLOCK_MS).unref();
    stream.on('resize', this.#redraw);
  }

  show(happening: Happening): void {
    const { colors } = this.#look;
    switch (happening.kind) {
      case 'finished':
        this.#finished.push(happening);
        break;
      case 'phase':
        this.#waiting = undefined;
        if (happening.follows) this.#notes.push(colors.yellow('Rolling back.'));
        break;
      case 'waiting-for-lock':
        this.#waiting = describeLock(happening.lock);
        break;
      case 'status':
        if (happening.reason !== undefined)
          this.#notes.push(`${happening.status.replaceAll('_', ' ')}: ${firstLine(happening.reason)}`);
        break;
      case 'call':
        if (!this.#verbose) return;
        this.#notes.push(colors.dim(`  ${happening.step} ${happening.call} ${formatDuration(happening.durationMs)}`));
        break;
      case 'retrying':
        this.#notes.push(
          `${colors.yellow(this.#look.symbols.warning)} ${happening.step.id}: ${firstLine(happening.error.message)} (again in ${formatDuration(happening.inMs)})`,
        );
        break;
    }
    this.#schedule();
  }

  note(line: string): void {
    this.#notes.push(line);
    this.#draw();
  }

  close(): void {
    if (this.#closed) return;
    this.#draw();
    this.#closed = true;
    clearInterval(this.#clock);
    clearTimeout(this.#next);
    this.#stream.off('resize', this.#redraw);
    this.#area.close();
  }

  #schedule(): void {
    if (this.#next !== undefined || this.#closed) return;
    const wait = Math.max(0, this.#lastFrame + SHORTEST_BETWEEN_FRAMES_MS - performance.now());
    this.#next = setTimeout(this.#redraw, wait).unref();
  }

  #draw(): void {
    if (this.#closed) return;
    clearTimeout(this.#next);
    this.#next = undefined;
    this.#lastFrame = performance.now();
    const columns = this.#area.columns;
    const above = [...this.#notes.flatMap((note) => wrap(note, columns)), ...this.#scrollAway()];
    this.#notes = [];
    const phase = this.#progress.current;
    const size = { columns, rows: this.#area.rows };
    const frame = phase ? renderFrame(phase, Date.now(), size, this.#look) : [];
    if (this.#waiting !== undefined) frame.push(fit(this.#waiting, columns));
    if (above.length > 0 || frame.length > 0) this.#area.draw(above, frame);
  }

  /** Each finished step as a line; of many at once, those that went well as a count. */
  #scrollAway(): string[] {
    const finished = this.#finished;
    this.#finished = [];
    const render = (one: (typeof finished)[number]) =>
      fitColored(describeFinished(one, this.#look), this.#area.columns);
    if (finished.length <= MOST_LINES_A_FRAME) return finished.map(render);
    const bad = finished.filter(({ outcome }) => outcome === 'failed' || outcome === 'unknown');
    const good = finished.filter(({ outcome }) => wentWell(outcome));
    const left = finished.length - bad.length - good.length;
    const { colors, symbols } = this.#look;
    const some = good.slice(0, 3).map(({ step }) => step.id);
    return [
      ...(good.length === 0
        ? []
        : [`${colors.green(symbols.done)} ${count(good.length, 'step')} done: ${some.join(', ')}, …`]),
      ...bad.slice(0, MOST_LINES_A_FRAME).map(render),
      ...(left === 0 ? [] : [`${colors.dim(symbols.skipped)} ${count(left, 'step')} not run`]),
    ];
  }
}
