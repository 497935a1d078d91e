import type { Change, DeploymentReport, JournalEvent, Plan, Step, StepReport } from '@slipway/core';
import { colorsFor } from '../src/output/colors.ts';
import { symbolsFor } from '../src/output/symbols.ts';
import type { Look } from '../src/render/plan.ts';

/** Without colours, with Unicode marks. */
export const plainLook: Look = {
  colors: colorsFor(false),
  symbols: symbolsFor({ LANG: 'en_US.UTF-8' }),
  copyable: (text) => text,
};
export const colorLook: Look = { ...plainLook, colors: colorsFor(true) };

export function sampleChange(change: Partial<Change> & Pick<Change, 'address' | 'action'>): Change {
  return { type: 'core:value', reasons: [], ...change };
}

/** A probe step, the one with the smallest input. */
export function sampleStep(id: string, step: Partial<Pick<Step, 'needs' | 'wave' | 'estimateMs'>> = {}): Step {
  return {
    id,
    subject: id.slice(0, id.lastIndexOf('/')) as Step['subject'],
    action: id.slice(id.lastIndexOf('/') + 1) as 'drain',
    input: { revision: 'r1', drainMs: 1000 },
    needs: [],
    wave: 1,
    estimateMs: 1000,
    timeoutMs: 60_000,
    retries: 0,
    provider: 'core',
    type: 'core:value',
    ...step,
  };
}

export function samplePlan(plan: Partial<Plan> = {}): Plan {
  const steps = plan.steps ?? [];
  return {
    version: 1,
    kind: 'deploy',
    project: 'shop',
    environment: 'dev',
    ship: 'v1',
    digest: 'd'.repeat(64),
    base: { seq: 0 },
    changes: [],
    steps,
    waves: steps.reduce((most, step) => Math.max(most, step.wave), 0),
    criticalPath: [],
    estimateMs: 5000,
    onFailure: 'stop',
    limits: { overall: 10, providers: {}, types: {} },
    warnings: [],
    runtime: { platform: { use: 'local' }, secretFiles: [], protected: false },
    ...plan,
  };
}

export function sampleReport(report: Partial<DeploymentReport> = {}): DeploymentReport {
  return {
    version: 1,
    id: 'dep1',
    kind: 'deploy',
    status: 'completed',
    project: 'shop',
    environment: 'dev',
    ship: 'v1',
    startedAt: '2026-11-22T10:00:00.000Z',
    endedAt: '2026-11-22T10:00:42.000Z',
    durationMs: 42_000,
    counts: { create: 0, update: 0, replace: 0, delete: 0, none: 0 },
    steps: [],
    outputs: {},
    urls: {},
    ...report,
  };
}

export function sampleStepReport(id: string, step: Partial<StepReport> = {}): StepReport {
  return {
    id,
    action: id.slice(id.lastIndexOf('/') + 1),
    subject: id.slice(0, id.lastIndexOf('/')),
    status: 'succeeded',
    attempts: 1,
    startedAt: '2026-11-22T10:00:00.000Z',
    durationMs: 1000,
    estimateMs: 1000,
    ...step,
  };
}

type EventOf<Type extends JournalEvent['type']> = Extract<JournalEvent, { type: Type }>['data'];

/** A record of the journal, as a listener gets it. */
export function sampleEvent<Type extends JournalEvent['type']>(
  type: Type,
  step: string | null,
  data: EventOf<Type>,
): { kind: 'journal'; event: JournalEvent } {
  const event = {
    type,
    data,
    deployment: 'dep1',
    step,
    at: '2026-11-22T10:00:00.000Z',
    environment: 'dev',
    seq: 1,
    epoch: 1,
    previous: '',
    hash: '',
  } as unknown as JournalEvent;
  return { kind: 'journal', event };
}
