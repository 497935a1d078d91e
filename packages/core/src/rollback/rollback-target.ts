import { SlipwayError } from '../errors.ts';
import type { DeploymentHeader } from '../journal/store.ts';

/** Whose effects go, and which recorded state comes back. */
export interface RollbackTarget {
  /** The newest deployment that is taken back. */
  of: DeploymentHeader;
  /** The deployment whose result comes back; null for the state before the first. */
  to: DeploymentHeader | null;
  /** The state as it was right after this event. */
  seq: number;
  /** Every deployment whose effects go. */
  undoes: readonly string[];
}

/**
 * Chooses what a rollback goes back to: by default the last stable deployment before the newest one.
 * `history`: the environment's deployments, newest first. Throws `nothing-to-roll-back`,
 * `deployment-unknown` and, so that nobody rolls a rollback back by accident, `already-rolled-back`.
 */
export function chooseRollbackTarget(history: readonly DeploymentHeader[], to: string | undefined): RollbackTarget {
  const [newest] = history;
  if (!newest) {
    throw new SlipwayError('nothing-to-roll-back', 'Nothing was ever deployed here.', {
      hint: 'Deploy first: slipway deploy.',
    });
  }
  return to === undefined ? lastStable(history, newest) : named(history, newest, to);
}

function lastStable(history: readonly DeploymentHeader[], newest: DeploymentHeader): RollbackTarget {
  if (newest.kind === 'rollback') {
    throw new SlipwayError('already-rolled-back', `The newest deployment, ${newest.id}, is a rollback itself.`, {
      subject: newest.id,
      hint: 'Name what to go back to: slipway rollback --to DEPLOYMENT (see slipway history).',
    });
  }
  const before = history.slice(1);
  const stable = before.findIndex((deployment) => deployment.status === 'completed');
  const undone = stable < 0 ? history : history.slice(0, stable + 1);
  const to = stable < 0 ? null : before[stable]!;
  return { of: newest, to, seq: undone.at(-1)!.snapshot, undoes: undone.map(({ id }) => id) };
}

function named(history: readonly DeploymentHeader[], newest: DeploymentHeader, to: string): RollbackTarget {
  const byId = history.filter(({ id, status }) => id.startsWith(to) && status === 'completed');
  const byVersion = history.filter(
    (deployment) => deployment.ship === to && deployment.status === 'completed' && deployment.kind === 'deploy',
  );
  const target = byId.length === 1 ? byId[0] : byVersion[0];
  if (!target) {
    throw new SlipwayError('deployment-unknown', `No completed deployment has the id or version ${to}.`, {
      subject: to,
      hint: 'See slipway history.',
    });
  }
  const undone = history.slice(0, history.indexOf(target));
  return { of: newest, to: target, seq: target.lastSeq, undoes: undone.map(({ id }) => id) };
}
