import { describe, expect, test } from 'vitest';
import { exitCode, exitCodeOfReport } from '../src/exit-code.ts';
import { renderSummary, type SummaryContext } from '../src/render/summary.ts';
import { plainLook, sampleChange, samplePlan, sampleReport, sampleStepReport } from './samples.ts';

const commandLine = (command: string) => `slipway ${command} -e dev`;

function summarize(report: ReturnType<typeof sampleReport>, context: Partial<SummaryContext> = {}): string {
  return renderSummary(report, {
    look: plainLook,
    plan: undefined,
    troubled: [],
    logFile: undefined,
    commandLine,
    code: exitCodeOfReport(report),
    ...context,
  }).join('\n');
}

test('a success names what changed, the URLs, the time and what comes next', () => {
  const changes = Array.from({ length: 50 }, (_, index) => {
    return sampleChange({ address: `resource:n${index}`, action: 'create' });
  });
  const report = sampleReport({
    steps: [sampleStepReport('resource:n0/create')],
    counts: { create: 50, update: 0, replace: 0, delete: 0, none: 3 },
    urls: { web: 'http://localhost:4000' },
  });
  const shown = summarize(report, { plan: samplePlan({ changes }), logFile: '.slipway/logs/deployments/dep1.log' });
  expect(shown).toContain('✔ Deployment dep1 on dev (shop v1) completed in 42s');
  expect(shown).toContain('50 created, 3 unchanged');
  expect(shown).toContain('  + resource:n29');
  expect(shown).toContain('… and 20 more');
  expect(shown).toContain('web  http://localhost:4000');
  expect(shown).toContain('slipway rollback -e dev');
  expect(shown).toContain('log: .slipway/logs/deployments/dep1.log');
});

test('what turned out to be as wanted already counts as unchanged', () => {
  const changes = ['service:web', 'service:api'].map((address) => {
    return sampleChange({ address: address as 'service:web', type: 'service', action: 'update' });
  });
  const steps = [
    sampleStepReport('service:web/stage', { unchanged: 'web-1' }),
    sampleStepReport('service:web/verify', { unchanged: 'web-1' }),
    // One step that had something to do is a change.
    sampleStepReport('service:api/stage', { unchanged: 'api-1' }),
    sampleStepReport('service:api/retire-api-2'),
  ];
  const counts = { create: 0, update: 2, replace: 0, delete: 0, none: 1 };
  const shown = summarize(sampleReport({ steps, counts }), { plan: samplePlan({ changes }) });
  expect(shown).toContain('1 updated, 2 unchanged');
  expect(shown).toContain('service:api');
  expect(shown).not.toContain('service:web');
});

test('nothing to do says what could not be looked at', () => {
  const warning = { code: 'not-looked-at', subject: 'local', message: 'It could not be asked what runs.' } as const;
  expect(summarize(sampleReport())).toContain('✔ Nothing to do on dev.');
  const shown = summarize(sampleReport({ warnings: [warning] }));
  expect(shown).toContain('? Nothing to do on dev, as far as it could be looked at.');
  expect(shown).toContain('local: It could not be asked what runs.');
});

test('of what a person can say to what waits, a way back is only offered to go on', () => {
  const offered = (report: ReturnType<typeof sampleReport>) =>
    summarize(report, { code: exitCode.waiting }).match(/slipway \w+/g);
  const waiting = sampleReport({ status: 'waiting' });
  const rollback = { id: 'dep2', status: 'waiting' as const, restored: [], destroyed: [], failed: [] };
  expect(offered(waiting)).toEqual(['slipway continue', 'slipway promote', 'slipway abort']);
  expect(offered({ ...waiting, kind: 'rollback', rollback: { ...rollback, id: 'dep1' } })).toEqual([
    'slipway continue',
  ]);
  expect(offered({ ...waiting, status: 'rolling_back', rollback })).toEqual(['slipway continue']);
});

describe('a rollout that was stopped', () => {
  const steps = [
    sampleStepReport('service:web/switch-20', { action: 'switch', status: 'succeeded' }),
    sampleStepReport('service:web/switch', { action: 'switch', status: 'pending' }),
  ];
  const stopped = (more: Partial<Parameters<typeof sampleReport>[0]> = {}) =>
    summarize(sampleReport({ status: 'cancelled', steps, ...more }), { code: exitCode.interrupted });

  test('half-way says that nobody watches, and how to take it back', () => {
    expect(stopped()).toContain('No process runs it now: traffic stays as it is');
    expect(stopped()).toContain('take it back: slipway abort dep1 -e dev');
  });

  test('before anything moved says nothing of traffic', () => {
    expect(stopped({ steps: steps.slice(1) })).not.toContain('traffic stays');
  });
});

test('a deployment that was to be taken back, and was, is what was wished', () => {
  const shown = summarize(sampleReport({ status: 'rolled_back' }), { code: exitCode.done });
  expect(shown).toContain('✔ Deployment dep1 on dev rolled back in 42s');
  expect(shown).not.toContain('slipway rollback');
});

describe('a failure', () => {
  const error = { code: 'command-failed', message: 'The build exited with 1.', hint: 'Read its output.' };
  const steps = [sampleStepReport('service:web/build', { status: 'failed', error })];

  test('names the step, the error, the hint, the output and the ways on', () => {
    const tail = ['src/a.ts: syntax error'];
    const troubled = [
      {
        number: 1,
        id: 'service:web/build',
        subject: 'service:web',
        action: 'build',
        estimateMs: 1,
        startedAt: 0,
        attempt: 1,
        tail,
        lines: 1,
        retryAt: undefined,
        error,
      },
    ];
    const shown = summarize(sampleReport({ status: 'failed', steps, error }), { troubled });
    expect(shown).toContain('✘ Deployment dep1 on dev: failed after 42s');
    expect(shown).toContain('Error [command-failed] The build exited with 1.');
    expect(shown.match(/The build exited/g)).toHaveLength(1);
    expect(shown).toContain('service:web/build');
    expect(shown).toContain('Read its output.');
    expect(shown).toContain('| src/a.ts: syntax error');
    expect(shown).toContain('slipway resume -e dev');
    expect(shown).toContain('slipway rollback -e dev');
  });

  test('that was rolled back says what came back', () => {
    const rollback = {
      id: 'dep2',
      status: 'completed' as const,
      restored: ['service:web'],
      destroyed: ['resource:a'],
      failed: [],
    };
    const shown = summarize(sampleReport({ status: 'failed', steps, rollback }));
    expect(shown).toContain('failed and was rolled back');
    expect(shown).toContain('Rolled back by dep2 (completed): 1 node restored, 1 new node removed');
    expect(shown).toContain('Everything is as it was before');
  });

  test('of the rollback too names each node, and how to try again', () => {
    const failed = [{ subject: 'resource:a', error: { code: 'x', message: 'still in use', hint: 'Empty it.' } }];
    const rollback = { id: 'dep2', status: 'failed' as const, restored: [], destroyed: [], failed };
    const shown = summarize(sampleReport({ status: 'failed', steps, rollback }));
    expect(shown).toContain('resource:a: still in use');
    expect(shown).toContain('Empty it.');
    expect(shown).toContain('slipway resume dep2 -e dev');
  });
});

test('doubt says what to look at and how to go on, for a resource and for a service', () => {
  const steps = [
    sampleStepReport('resource:vm/create', { status: 'unknown', look: 'Look whether the machine exists.' }),
    sampleStepReport('service:web/migrate', { status: 'unknown' }),
    sampleStepReport('resource:disk/update', { status: 'unknown' }),
    sampleStepReport('service:web/stage', { status: 'unknown' }),
  ];
  const shown = summarize(sampleReport({ status: 'failed', steps }));
  expect(shown).toContain('ended in doubt');
  expect(shown).toContain('Look whether the machine exists.');
  expect(shown).toContain('slipway resume --redo resource:vm/create -e dev');
  expect(shown).toContain('slipway import resource:vm ID -e dev');
  expect(shown).toContain('slipway resume --done service:web/migrate -e dev');
  expect(shown).toContain('there or not, let it be done again: slipway resume --redo resource:disk/update -e dev');
  expect(shown).toContain('there or not, let it be done again: slipway resume --redo service:web/stage -e dev');
  expect(shown).not.toMatch(/import resource:disk|--done service:web\/stage/);
});
