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

/** Of rollbacks that people asked for, the deployments whose results came back; null for the state before the first. */
export type BroughtBack = ReadonlyMap<string, string | null>;

/**
 * Chooses what a rollback goes back to: by default the last stable deployment before the newest one.
 * `history`: the environment's deployments, newest first. Throws `nothing-to-roll-back`, `deployment-unknown` and, so
 * that nobody rolls a rollback back by accident, `already-rolled-back`, `taken-back-already` and `rollback-unfinished`.
 */
export function chooseRollbackTarget(
  history: readonly DeploymentHeader[],
  to: string | undefined,
  broughtBack: BroughtBack = new Map(),
): RollbackTarget {
  const [newest] = history;
  if (!newest) {
    throw new SlipwayError('nothing-to-roll-back', 'Nothing was ever deployed here.', {
      hint: 'Deploy first: slipway deploy.',
    });
  }
  if (to !== undefined) return named(history, newest, to);
  if (newest.kind === 'rollback') throw isBackAlready(history, newest, broughtBack);
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
  broughtBack: BroughtBack,
): SlipwayError {
  const { id, rollbackOf, status } = newest;
  if (status !== 'completed') {
    const of = rollbackOf === null ? '' : ` of ${rollbackOf}`;
    return new SlipwayError('rollback-unfinished', `The rollback ${id}${of} did not succeed in all it was to do.`, {
      subject: id,
      hint: 'Try the rest again: slipway resume.',
    });
  }
  const now = whoseResult(history, newest, broughtBack);
  const older = now && completedBefore(history, now);
  const then = older && whoseResult(history, older, broughtBack);
  const left = now ? `what ${labelled(now)} left` : 'what was before the first deployment';
  const further = then
    ? `To go further back: slipway rollback --to ${then.id} (version ${then.ship}).`
    : 'There is nothing further back.';
  if (rollbackOf !== null) {
    const message = `${rollbackOf} was taken back already: ${left} is there again. Nothing to do.`;
    return new SlipwayError('taken-back-already', message, { subject: rollbackOf, hint: further });
  }
  return new SlipwayError('already-rolled-back', `The newest deployment, ${id}, is a rollback itself, to ${left}.`, {
    subject: id,
    hint: `${further} To bring out again what it took back: slipway deploy.`,
  });
}

/** The deployment whose result is there after this one: a rollback brings back another's. Undefined: none. */
function whoseResult(
  history: readonly DeploymentHeader[],
  after: DeploymentHeader,
  broughtBack: BroughtBack,
): DeploymentHeader | undefined {
  const { id, kind, rollbackOf } = after;
  if (kind !== 'rollback') return after;
  const undone = history.find((other) => other.id === rollbackOf);
  const asked = history.find((other) => other.id === broughtBack.get(id));
  const back = undone ? completedBefore(history, undone) : asked;
  return back && whoseResult(history, back, broughtBack);
}

function completedBefore(history: readonly DeploymentHeader[], one: DeploymentHeader): DeploymentHeader | undefined {
  return history.slice(history.indexOf(one) + 1).find(({ status }) => status === 'completed');
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
