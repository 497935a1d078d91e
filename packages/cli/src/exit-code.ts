import type { DeploymentReport } from '@slipway/core';

/** What the process tells its caller; part of the command line's contract. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  rolledBack: 3,
  waiting: 4,
  refused: 5,
  changes: 6,
  inDoubt: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** One line for each code, as `--help` lists them. */
export const exitCodeMeaning: Readonly<Record<ExitCode, string>> = {
  0: 'done, or nothing to do',
  1: 'failed',
  2: 'bad usage or bad config',
  3: 'failed and rolled back',
  4: 'waiting for a person (approval, pause, closed window)',
  5: 'refused (lock held, policy, stale plan, missing capability, not confirmed)',
  6: 'there are changes (plan --exit-code, drift)',
  7: 'in doubt: something may exist that needs a look',
  130: 'interrupted, resumable',
};

/** Only what decides the code, so that it also takes reports without their steps' details. */
export type ReportOutcome = Pick<DeploymentReport, 'kind' | 'status'> & {
  steps: readonly { status: string }[];
  rollback?: { status: string; failed: readonly unknown[] };
};

/**
 * The code for how a run ended. Doubt outweighs everything: a step in doubt gives 7 even when the rest was
 * rolled back. `interrupted`: a person stopped this run with a signal, which changes nothing about what is over.
 */
export function exitCodeOfReport(report: ReportOutcome, interrupted = false): ExitCode {
  if (report.steps.some((step) => step.status === 'unknown')) return exitCode.inDoubt;
  if (report.status === 'completed') return exitCode.done;
  if (report.status === 'waiting' || report.rollback?.status === 'waiting') return exitCode.waiting;
  if (report.status === 'rolled_back') return report.kind === 'rollback' ? exitCode.done : exitCode.rolledBack;
  if (wasTakenBack(report)) return exitCode.rolledBack;
  return interrupted || report.status === 'cancelled' ? exitCode.interrupted : exitCode.failed;
}

function wasTakenBack({ rollback }: ReportOutcome): boolean {
  if (!rollback || rollback.failed.length > 0) return false;
  return rollback.status === 'completed' || rollback.status === 'rolled_back';
}

const codesOfErrors = new Map<string, ExitCode>([
  ...errors(exitCode.usage, [
    'usage',
    'config-invalid',
    'config-missing',
    'cycle',
    'environment-required',
    'environment-unknown',
    'deployment-unknown',
    'ambiguous-deployment',
    'deployment-elsewhere',
    'node-unknown',
    'service-unknown',
    'selection-unknown',
    'revision-unknown',
    'source-missing',
    'directory-missing',
    'record-missing',
    'output-encoded-secret',
    'secret-missing',
    'secret-too-short',
    'secret-file-unreadable',
    'address-unknown',
    'address-invalid',
    'step-unknown',
    'plan-invalid',
    'limit-invalid',
    'bad-anchor',
  ]),
  ...errors(exitCode.refused, [
    'config-exists',
    'lock-held',
    'plan-stale',
    'plan-mismatch',
    'protected',
    'capability-missing',
    'not-confirmed',
    'promotion-refused',
    'artifact-missing',
    'artifact-altered',
    'nothing-to-roll-back',
    'already-rolled-back',
    'dependents-remain',
    'migration-irreversible',
    'fenced',
    'lock-lost',
    'superseded',
    'already-recorded',
    'import-unsupported',
    'dependency-unmet',
    'platform-changed',
    'port-taken',
    'port-in-use',
    'router-unusable',
    'not-recorded',
    'rollback-impossible',
    'rollback-unfinished',
  ]),
  ['in-doubt', exitCode.inDoubt],
  ...errors(exitCode.done, ['nothing-to-resume', 'taken-back-already']),
  ['interrupted', exitCode.interrupted],
]);

function errors(code: ExitCode, names: readonly string[]): [string, ExitCode][] {
  return names.map((name) => [name, code]);
}

/** The code for an error by its stable `code`; 1 for those that aren't in the contract. */
export function exitCodeOfError(code: string): ExitCode {
  return codesOfErrors.get(code) ?? exitCode.failed;
}
