import type { Plan, Step } from '@slipway/core';
import { formatDuration, formatEstimate } from './duration.ts';
import type { Look } from './plan.ts';
import { count } from './text.ts';
import { describeWork, freshRevisions } from './work.ts';

const MOST_IN_WAVE = 8;
const MOST_ON_PATH = 12;

/** The steps by wave with their estimates, and the path that decides the duration; at most ~`most` lines. */
export function renderSteps(plan: Plan, look: Look, most: number): string[] {
  const { colors } = look;
  const waves = new Map<number, Step[]>();
  for (const step of plan.steps) {
    const wave = waves.get(step.wave);
    if (wave) wave.push(step);
    else waves.set(step.wave, [step]);
  }
  const numbers = [...waves.keys()].sort((a, b) => a - b);
  const perWave = Math.max(1, Math.min(MOST_IN_WAVE, Math.floor(most / numbers.length) - 1));
  const critical = new Set(plan.criticalPath);
  const shown = numbers.slice(0, Math.floor(most / (perWave + 1)));
  const heading = `${count(plan.steps.length, 'step')} in ${count(plan.waves, 'wave')}`;
  const width = String(shown.at(-1) ?? 0).length;
  const layout = { perWave, width, critical, fresh: freshRevisions(plan) };
  return [
    `${colors.bold(heading)}, about ${formatDuration(plan.estimateMs)} with up to ${plan.limits.overall} at once`,
    ...shown.flatMap((number) => renderWave(waves.get(number) as Step[], number, layout, look)),
    ...(shown.length < numbers.length ? [`  … and ${count(numbers.length - shown.length, 'more wave')}`] : []),
    ...renderCriticalPath(plan, look),
  ];
}

interface WaveLayout {
  perWave: number;
  width: number;
  critical: ReadonlySet<string>;
  fresh: ReadonlySet<string>;
}

function renderWave(
  wave: readonly Step[],
  number: number,
  { perWave, width, critical, fresh }: WaveLayout,
  look: Look,
): string[] {
  const longest = wave.toSorted((a, b) => b.estimateMs - a.estimateMs || (a.id < b.id ? -1 : 1));
  const lines = longest.slice(0, perWave).map((step, index) => {
    const label = index === 0 ? String(number).padStart(width) : ' '.repeat(width);
    const mark = critical.has(step.id) ? look.colors.cyan('*') : ' ';
    const work = describeWork(step, fresh);
    const detail = work === undefined ? '' : `  ${work}`;
    // What a person takes nobody estimates.
    const estimate = step.action === 'pause' ? '' : ` ${look.colors.dim(formatEstimate(step.estimateMs))}`;
    return `  ${label} ${mark} ${step.id}${estimate}${detail}`;
  });
  if (wave.length > perWave) lines.push(`  ${' '.repeat(width)}   … and ${count(wave.length - perWave, 'more step')}`);
  return lines;
}

function renderCriticalPath({ criticalPath }: Plan, { colors, symbols }: Look): string[] {
  if (criticalPath.length === 0) return [];
  const arrow = ` ${symbols.arrow} `;
  const ends = MOST_ON_PATH / 2;
  const path =
    criticalPath.length <= MOST_ON_PATH
      ? criticalPath.join(arrow)
      : [
          ...criticalPath.slice(0, ends),
          `… ${criticalPath.length - MOST_ON_PATH} more …`,
          ...criticalPath.slice(-ends),
        ].join(arrow);
  return [`${colors.cyan('*')} critical path: ${path}`];
}
