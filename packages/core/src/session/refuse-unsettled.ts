import { nameOf } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { DeploymentHeader } from '../journal/store.ts';
import { activeRevisions, type State } from '../state/record.ts';
import { isOpen } from './is-open.ts';

const MOST_NAMES = 10;

/**
 * Nothing is promoted from an environment whose newest deployment didn't end as it was meant to: who asks for its
 * releases means those of that deployment. Throws `promotion-refused`, saying what runs there instead.
 */
export function refuseUnsettled(from: string, newest: DeploymentHeader, state: State): void {
  const problem = problemOf(from, newest);
  if (!problem) return;
  const runs = [...activeRevisions(state)].map(
    ([address, { release }]) => `${nameOf(address)} (version ${release.version})`,
  );
  const more = runs.length > MOST_NAMES ? ` and ${runs.length - MOST_NAMES} more` : '';
  const there =
    runs.length === 0 ? 'Nothing runs there.' : `There runs: ${runs.slice(0, MOST_NAMES).join(', ')}${more}.`;
  throw new SlipwayError('promotion-refused', `${problem.what} ${there}`, {
    subject: from,
    hint: problem.hint,
    details: { deployment: newest.id, status: newest.status },
  });
}

function problemOf(from: string, newest: DeploymentHeader): { what: string; hint: string } | undefined {
  const { id, kind, status, ship, rollbackOf } = newest;
  if (isOpen(newest)) {
    const what = `The ${kind === 'deploy' ? 'deployment' : kind} ${id} (${ship}) in ${from} has not ended: it is ${status.replaceAll('_', ' ')}.`;
    return { what, hint: `Wait for it; if it was interrupted, finish it: slipway resume -e ${from}.` };
  }
  // A rollback that a person asked for and that completed leaves what is wanted there.
  if (status === 'completed' && rollbackOf === null) return undefined;
  const goneBack = status === 'rolled_back' ? id : status === 'completed' ? rollbackOf : null;
  if (goneBack !== null) {
    return {
      what: `The newest deployment to ${from}, ${goneBack}, was rolled back.`,
      hint: `Releases of ${from} can be promoted again when a deployment there has completed: slipway deploy -e ${from}.`,
    };
  }
  return {
    what: `The newest deployment to ${from}, ${id} (${kind} ${ship}), ended as ${status.replaceAll('_', ' ')}.`,
    hint: `Bring ${from} right first: slipway deploy -e ${from}, or slipway rollback -e ${from}.`,
  };
}
