import { formatDuration, formatEstimate } from '../render/duration.ts';
import { composeLine, type Piece } from '../render/line.ts';
import type { Look } from '../render/plan.ts';
import { type Phase, type StepProgress, stepsOver } from './happening.ts';

export interface FrameSize {
  columns: number;
  rows: number;
}

const MOST_ROWS = 18;
const BAR = 20;
/** Of terminals on which the count of steps would not fit behind a whole bar. */
const NARROW = 60;
const SHORT_BAR = 6;
const verbs = { deploy: 'Deploying', destroy: 'Destroying', rollback: 'Rolling back', drift: 'Fixing drift on' };

/** What runs now, as the lines of a terminal: the whole in one line, then each running step by subject. */
export function renderFrame(phase: Phase, now: number, size: FrameSize, look: Look): string[] {
  const rows = Math.min(MOST_ROWS, size.rows);
  const running = bySubject(phase.running.values());
  const fits = running.length <= rows - 1;
  const shown = fits ? running : running.slice(0, Math.max(0, rows - 2));
  const bar = size.columns < NARROW ? SHORT_BAR : BAR;
  const lines = [composeLine(headline(phase, bar, now, look), size.columns, look.colors)];
  let before = '';
  for (const step of shown) {
    lines.push(composeLine(runningLine(step, step.subject === before, { phase, now }), size.columns, look.colors));
    before = step.subject;
  }
  if (!fits) lines.push(look.colors.dim(`  … and ${running.length - shown.length} more running`));
  return lines;
}

/** Together what belongs together, in the order in which the first of each subject began. */
function bySubject(running: Iterable<StepProgress>): StepProgress[] {
  const groups = Map.groupBy(running, (step) => step.subject);
  return [...groups.values()].flat();
}

function headline(phase: Phase, bar: number, now: number, { symbols }: Look): Piece[] {
  const { plan } = phase;
  const total = plan.steps.length;
  const over = stepsOver(phase);
  const filled = total === 0 ? bar : Math.floor((over / total) * bar);
  const elapsed = now - phase.startedAt;
  return [
    ['bold', `${verbs[plan.kind]} ${plan.environment}`],
    phase.status === 'in_progress' || phase.status === 'rolling_back' ? '' : ` (${phase.status})`,
    '  ',
    ['green', symbols.filled.repeat(filled)],
    ['dim', symbols.empty.repeat(bar - filled)],
    `  ${over} of ${total} steps  `,
    elapsed > plan.estimateMs ? ['yellow', clock(elapsed, plan.estimateMs)] : clock(elapsed, plan.estimateMs),
    phase.failed > 0 ? ['red', `  ${phase.failed} failed`] : '',
  ];
}

function runningLine(step: StepProgress, sameSubject: boolean, { phase, now }: { phase: Phase; now: number }): Piece[] {
  const total = phase.plan.steps.length;
  const number = `${String(step.number).padStart(String(total).length)}/${total}`;
  const elapsed = now - step.startedAt;
  const isPause = step.action === 'pause';
  const time = isPause ? formatDuration(elapsed) : clock(elapsed, step.estimateMs);
  const lastLine = step.tail.at(-1);
  const waits = step.retryAt === undefined ? undefined : Math.max(0, step.retryAt - now);
  return [
    ['dim', `  ${number} `],
    sameSubject ? ' '.repeat(step.subject.length) : ['bold', step.subject],
    ` ${step.action}  `,
    elapsed > step.estimateMs && !isPause ? ['yellow', time] : ['cyan', time],
    step.attempt > 1 ? ['yellow', `  attempt ${step.attempt}`] : '',
    waits === undefined ? '' : ['yellow', `  again in ${formatDuration(waits)}: ${step.error?.message ?? ''}`],
    ...standing(step, phase, now),
    lastLine === undefined || waits !== undefined || step.waiting !== undefined ? '' : ['dim', `  ${lastLine}`],
  ];
}

/** Of steps of a rollout: what is waited for, how long a hold still lasts, what was measured, who has the traffic. */
function standing(step: StepProgress, phase: Phase, now: number): Piece[] {
  const weights = phase.weights?.get(step.subject);
  const shares = Object.entries(weights ?? {}).map(([revision, weight]) => `${revision} ${weight}%`);
  return [
    step.waiting === undefined ? '' : ['yellow', `  waits: ${step.waiting}`],
    step.endsAt === undefined ? '' : ['cyan', `  ${formatDuration(Math.max(0, step.endsAt - now))} left`],
    step.finding === undefined ? '' : ['dim', `  ${step.finding}`],
    shares.length < 2 ? '' : ['dim', `  ${shares.join(', ')}`],
  ];
}

function clock(elapsedMs: number, estimateMs: number): string {
  return `${formatDuration(elapsedMs)} of ${formatEstimate(estimateMs)}`;
}
