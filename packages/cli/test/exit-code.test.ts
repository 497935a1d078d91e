import { expect, test } from 'vitest';
import { exitCodeOfError, exitCodeOfReport, type ReportOutcome } from '../src/exit-code.ts';

const rollback = (status: string, failed: unknown[] = []) => ({ status, failed });
const done = { status: 'succeeded' };

test.each<[string, ReportOutcome, boolean, number]>([
  ['completed', { kind: 'deploy', status: 'completed', steps: [done] }, false, 0],
  ['nothing to do', { kind: 'deploy', status: 'completed', steps: [] }, false, 0],
  ['completed although a person pressed Ctrl-C late', { kind: 'deploy', status: 'completed', steps: [done] }, true, 0],
  ['failed', { kind: 'deploy', status: 'failed', steps: [{ status: 'failed' }] }, false, 1],
  ['timed out', { kind: 'deploy', status: 'timed_out', steps: [] }, false, 1],
  ['rolled back', { kind: 'deploy', status: 'rolled_back', steps: [] }, false, 3],
  ['a rollback that ended', { kind: 'rollback', status: 'completed', steps: [done] }, false, 0],
  ['a rollback that says rolled back', { kind: 'rollback', status: 'rolled_back', steps: [done] }, false, 0],
  ['failed, taken back', { kind: 'deploy', status: 'failed', steps: [], rollback: rollback('completed') }, false, 3],
  [
    'timed out, taken back',
    { kind: 'deploy', status: 'timed_out', steps: [], rollback: rollback('completed') },
    false,
    3,
  ],
  [
    'failed, half taken back',
    { kind: 'deploy', status: 'failed', steps: [], rollback: rollback('failed', [1]) },
    false,
    1,
  ],
  ['waiting', { kind: 'deploy', status: 'waiting', steps: [] }, false, 4],
  [
    'taken back, which waits',
    { kind: 'deploy', status: 'rolling_back', steps: [], rollback: rollback('waiting', [1]) },
    false,
    4,
  ],
  ['in doubt', { kind: 'deploy', status: 'failed', steps: [{ status: 'unknown' }] }, false, 7],
  ['in doubt, rest taken back', { kind: 'deploy', status: 'rolled_back', steps: [{ status: 'unknown' }] }, false, 7],
  ['in doubt after Ctrl-C', { kind: 'deploy', status: 'cancelled', steps: [{ status: 'unknown' }] }, true, 7],
  ['rolled back in spite of Ctrl-C', { kind: 'deploy', status: 'rolled_back', steps: [] }, true, 3],
  [
    'failed, taken back in spite of Ctrl-C',
    { kind: 'deploy', status: 'failed', steps: [], rollback: rollback('completed') },
    true,
    3,
  ],
  ['cancelled from another terminal', { kind: 'deploy', status: 'cancelled', steps: [] }, false, 130],
  ['stopped by Ctrl-C', { kind: 'deploy', status: 'in_progress', steps: [] }, true, 130],
])('a run that is %s', (_, report, interrupted, code) => {
  expect(exitCodeOfReport(report, interrupted)).toBe(code);
});

test.each([
  ['usage', 2],
  ['config-invalid', 2],
  ['config-missing', 2],
  ['environment-required', 2],
  ['environment-unknown', 2],
  ['lock-held', 5],
  ['plan-stale', 5],
  ['protected', 5],
  ['capability-missing', 5],
  ['not-confirmed', 5],
  ['fenced', 5],
  ['nothing-to-resume', 0],
  ['taken-back-already', 0],
  ['nothing-to-roll-back', 5],
  ['journal-unavailable', 1],
  ['unexpected', 1],
  ['toString', 1],
])('the error %s gives %d', (code, expected) => {
  expect(exitCodeOfError(code)).toBe(expected);
});
