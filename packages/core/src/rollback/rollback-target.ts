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
 * `history`: the environment's deployments, newest first; `broughtBack`: of a newest one that a person rolled back, the
 * deployment whose result came back. Throws `nothing-to-roll-back`, `deployment-unknown` and, so that nobody rolls a
 * rollback back by accident, `already-rolled-back`, `went-back-by-itself` and `rollback-unfinished`.
 */
export function chooseRollbackTarget(
  history: readonly DeploymentHeader[],
  to: string | undefined,
  broughtBack?: string | null,
): RollbackTarget {
  const [newest] = history;
  if (!newest) {
    throw new SlipwayError('nothing-to-roll-back', 'Nothing was ever deployed here.', {
      hint: 'Deploy first: slipway deploy.',
    });
  }
  if (to !== undefined) return named(history, newest, to);
  if (newest.kind === 'rollback') throw isBackAlready(history, newest, broughtBack ?? null);
  return lastStable(history, newest);
}

function lastStable(history: readonly DeploymentHeader[], newest: DeploymentHeader): RollbackTarget {
  const before = history.slice(1);
  const stable = before.findIndex((deployment) => deployment.status === 'completed');
  const undone = stable < 0 ? history : history.slice(0, stable + 1);
  const to = stable < 0 ? null : before[stable]!;
  return { of: newest, to, seq: undone.at(-1)!.snapshot, undoes: undone.map(({ id }) => id) };
}

/** What was wished is there, or nearly: says what runs now, and how to get further back. */
function isBackAlready(
  history: readonly DeploymentHeader[],
  newest: DeploymentHeader,
  broughtBack: string | null,
): SlipwayError {
  const { id, rollbackOf, status } = newest;
  if (status !== 'completed') {
    const of = rollbackOf === null ? '' : ` of ${rollbackOf}`;
    return new SlipwayError('rollback-unfinished', `The rollback ${id}${of} did not succeed in all it was to do.`, {
      subject: id,
      hint: 'Try the rest again: slipway resume.',
    });
  }
  const older = history.slice(1 + history.findIndex((one) => one.id === rollbackOf));
  const now = history.findIndex(
    rollbackOf === null ? (one) => one.id === broughtBack : (one) => older.includes(one) && one.status === 'completed',
  );
  const then = now < 0 ? undefined : history.slice(now + 1).find((one) => one.status === 'completed');
  const left = now < 0 ? 'what was before the first deployment' : `what ${labelled(history[now]!)} left`;
  const further = then
    ? `To go further back: slipway rollback --to ${then.id} (version ${then.ship}).`
    : 'There is nothing further back.';
  if (rollbackOf !== null) {
    const message = `${rollbackOf} was taken back already, by itself: ${left} is there again. Nothing to do.`;
    return new SlipwayError('went-back-by-itself', message, { subject: rollbackOf, hint: further });
  }
  return new SlipwayError('already-rolled-back', `The newest deployment, ${id}, is a rollback itself, to ${left}.`, {
    subject: id,
    hint: `${further} To bring out again what it took back: slipway deploy.`,
  });
}

function labelled({ id, ship }: DeploymentHeader): string {
  return `${id} (version ${ship})`;
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
