import type { StepDrafts } from '../plan/step-drafts.ts';
import type { EmittedRollout } from './rollout.ts';

/**
 * Makes the services of a group move together: the first movement of traffic waits until all are checked, each further
 * one until all have done the one before, and they reach the end together: who has fewer movements begins later.
 */
export function bindLockstep(members: readonly Pick<EmittedRollout, 'checked' | 'moves'>[], drafts: StepDrafts): void {
  const rounds = Math.max(0, ...members.map(({ moves }) => moves.length));
  for (const member of members) {
    const others = members.filter((one) => one !== member);
    for (const [index, move] of member.moves.entries()) {
      const round = index + rounds - member.moves.length;
      for (const other of others) {
        const before = round - 1 - (rounds - other.moves.length);
        const needed = before < 0 ? other.checked : other.moves[before]!.ends;
        for (const step of needed) drafts.addNeed(move.begins, step);
      }
    }
  }
}
