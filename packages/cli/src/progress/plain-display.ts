import { formatClock, formatDuration, formatEstimate } from '../render/duration.ts';
import type { Look } from '../render/plan.ts';
import { count, oneLine } from '../render/text.ts';
import { describeFinished, describeLock, firstLine } from './describe.ts';
import type { Display } from './display.ts';
import { type Happening, type Phase, stepsOver } from './happening.ts';
import type { Progress } from './progress.ts';

const FLUSH_MS = 200;
const HEARTBEAT_MS = 30_000;
const MOST_LOG_LINES = 200;
const MOST_IN_HEARTBEAT = 8;
const MOST_NOT_RUN = 20;

export interface PlainOptions {
  look: Look;
  verbose: boolean;
  /** Between two lines that say what still runs. Default 30,000. */
  heartbeatMs?: number;
}

/** Lines with the time in front, for CI and pipes: what started, what ended, and, regularly, what still runs. */
export class PlainDisplay implements Display {
  readonly #write: (text: string) => unknown;
  readonly #progress: Progress;
  readonly #options: PlainOptions;
  #queue: { at: number; happening: Happening }[] = [];
  #flushing: NodeJS.Timeout | undefined;
  readonly #heart: NodeJS.Timeout;
  /** Why the last step failed, as it was said. */
  #told: string | undefined;

  constructor(write: (text: string) => unknown, progress: Progress, options: PlainOptions) {
    this.#write = write;
    this.#progress = progress;
    this.#options = options;
    this.#heart = setInterval(() => this.#beat(), options.heartbeatMs ?? HEARTBEAT_MS).unref();
  }

  show(happening: Happening): void {
    this.#queue.push({ at: Date.now(), happening });
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  note(line: string): void {
    this.#flush();
    this.#write(`${formatClock(Date.now())} ${line}\n`);
  }

  close(): void {
    clearInterval(this.#heart);
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    if (this.#queue.length === 0) return;
    const queue = this.#queue;
    this.#queue = [];
    // A step that began and ended since the last flush needs one line, not two.
    const ended = new Set(queue.flatMap(({ happening }) => (happening.kind === 'finished' ? [happening.step] : [])));
    const notRun = queue.filter(({ happening }) => wasNotRun(happening)).length;
    const many = notRun > MOST_NOT_RUN;
    let text = '';
    for (const { at, happening } of queue) {
      if (happening.kind === 'started' && ended.has(happening.step)) continue;
      if (many && wasNotRun(happening)) continue;
      const line = this.#describe(happening);
      if (line !== undefined) text += `${formatClock(at)} ${line}\n`;
    }
    if (many) text += `${formatClock(Date.now())} ${count(notRun, 'step')} not run\n`;
    if (text !== '') this.#write(text);
  }

  #describe(happening: Happening): string | undefined {
    const { look, verbose } = this.#options;
    switch (happening.kind) {
      case 'phase':
        return describePhase(happening.phase);
      case 'started': {
        const { step } = happening;
        const facts = [
          ...(step.action === 'pause' ? [] : [`estimate ${formatEstimate(step.estimateMs)}`]),
          ...(step.attempt > 1 ? [`attempt ${step.attempt}`] : []),
        ];
        return `${look.symbols.running} ${step.id} started${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
      }
      case 'finished':
        this.#told = happening.error?.message ?? this.#told;
        return `${describeFinished(happening, look)}${place(happening)}`;
      case 'retrying':
        return `${look.symbols.warning} ${happening.step.id} ${firstLine(happening.error.message)} (again in ${formatDuration(happening.inMs)})`;
      case 'log':
        return describeLog(happening);
      case 'status':
        return describeStatus(happening, this.#told);
      case 'call':
        return verbose ? `    ${happening.step} ${happening.call} ${formatDuration(happening.durationMs)}` : undefined;
      case 'waiting-for-lock':
        return describeLock(happening.lock);
    }
  }

  #beat(): void {
    const phase = this.#progress.current;
    if (!phase || phase.running.size === 0) return;
    this.#flush();
    this.#write(`${formatClock(Date.now())} ${describeBeat(phase, Date.now())}\n`);
  }
}

function wasNotRun(happening: Happening): boolean {
  return happening.kind === 'finished' && (happening.outcome === 'skipped' || happening.outcome === 'cancelled');
}

function describePhase({ plan, deployment }: Phase): string {
  const what = { deploy: 'deployment', destroy: 'destruction', rollback: 'rollback', drift: 'drift fix' }[plan.kind];
  return `${what} ${deployment} on ${plan.environment}: ${count(plan.steps.length, 'step')}, estimate ${formatEstimate(plan.estimateMs)}`;
}

/** Why it goes back was just said of the step that failed. */
function describeStatus({ status, reason }: Extract<Happening, { kind: 'status' }>, told: string | undefined): string {
  const word = status.replaceAll('_', ' ');
  return reason === undefined || reason === told ? word : `${word}: ${firstLine(reason)}`;
}

function place({ phase, over }: Extract<Happening, { kind: 'finished' }>): string {
  return ` (${over} of ${phase.plan.steps.length})`;
}

function describeLog({ step, line }: Extract<Happening, { kind: 'log' }>): string | undefined {
  if (step.lines > MOST_LOG_LINES + 1 || line.trim() === '') return undefined;
  return `    ${step.id} | ${step.lines > MOST_LOG_LINES ? '… more lines are in the log file' : oneLine(line)}`;
}

/** What still runs, for how long, against which estimate: the longest running first. */
export function describeBeat(phase: Phase, now: number): string {
  const running = [...phase.running.values()].sort((a, b) => a.startedAt - b.startedAt);
  const named = running.slice(0, MOST_IN_HEARTBEAT).map((step) => {
    return `${step.id} ${formatDuration(now - step.startedAt)} (estimate ${formatEstimate(step.estimateMs)})`;
  });
  const more = running.length > named.length ? ` and ${running.length - named.length} more` : '';
  const time = `${formatDuration(now - phase.startedAt)} of ${formatEstimate(phase.plan.estimateMs)}`;
  return `still running: ${named.join(', ')}${more}; ${stepsOver(phase)} of ${phase.plan.steps.length} steps, ${time}`;
}
