import { join } from 'node:path';
import type { Address } from '../address.ts';
import type { Project } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { DeploymentHeader } from '../journal/store.ts';
import { asReleased, type PromotedRelease, type Promotion } from '../plan/promotion.ts';
import type { Selected } from '../plan/selection.ts';
import { filesBelow, type SourceFile } from '../release/source-tree.ts';
import { activeRevisions, type RevisionRecord, type State } from '../state/record.ts';
import { requireArtifact } from './promoted-artifacts.ts';
import { refuseUnsettled } from './refuse-unsettled.ts';
import type { Workspace } from './workspace.ts';

const MOST_DEPLOYMENTS = 1_000;

/**
 * What is recorded in another environment, to be planned for this one. Changes nothing. `here`: what is recorded in
 * this one. Throws `environment-unknown`, `promotion-refused` when the newest deployment there didn't complete, and
 * `artifact-missing` or `artifact-altered` when what a contract is read from isn't there as it was built.
 */
export async function gatherPromotion(
  workspace: Workspace,
  project: Project,
  from: string,
  selected: Selected,
  here: State,
): Promise<Promotion> {
  const { store } = workspace;
  const history = await store.deployments({ environment: from, limit: MOST_DEPLOYMENTS });
  const state = await store.state(from);
  const [newest] = history;
  if (!newest) {
    await workspace.settingsOf(from);
    throw neverCompleted(from, 'Nothing was ever deployed to');
  }
  refuseUnsettled(from, newest, state);
  const stable = history.find(
    ({ kind, status }) => status === 'completed' && (kind === 'deploy' || kind === 'rollback'),
  );
  if (!stable) throw neverCompleted(from, 'No deployment ever completed in');
  const active = activeRevisions(
    state,
    project.services.map(({ address }) => address),
  );
  const wanted = new Map([...active].filter(([address]) => selected(address)));
  const passed = await passedThere(workspace, history, wanted);
  const releases = new Map([...active].map(([address, one]) => [address, promoted(one, passed.has(address))]));
  const promotion = { from, deployment: stable.id, version: stable.ship, releases, contracts: new Map() };
  const revisions = new Map([...activeRevisions(here), ...active]);
  return {
    ...promotion,
    contracts: await readContracts(workspace, asReleased(project, promotion), promotion, revisions, selected),
  };
}

function neverCompleted(from: string, what: string): SlipwayError {
  return new SlipwayError('promotion-refused', `${what} ${from}, so there is nothing to take from there.`, {
    subject: from,
    hint: `Deploy there first: slipway deploy -e ${from}.`,
  });
}

function promoted({ release, spec }: RevisionRecord, passed: boolean): PromotedRelease {
  const { path, build } = spec;
  return { release, path, ...(build === undefined ? {} : { build }), passed };
}

/**
 * Services of which a deployment that included them completed with exactly this release. What a failed deployment
 * left running has not passed, whatever else completed since.
 */
async function passedThere(
  { store }: Workspace,
  history: readonly DeploymentHeader[],
  active: ReadonlyMap<Address, RevisionRecord>,
): Promise<Set<Address>> {
  const passed = new Set<Address>();
  for (const { kind, status, plan: digest, environment, lastSeq } of history) {
    if (passed.size === active.size) break;
    if (kind !== 'deploy' || status !== 'completed') continue;
    const [plan, state] = await Promise.all([store.plan(digest), store.state(environment, lastSeq)]);
    const included = plan?.changes.map(({ address }) => address).filter((address) => active.has(address)) ?? [];
    for (const [address, { release }] of activeRevisions(state, included)) {
      const now = active.get(address)!.release;
      if (release.fingerprint === now.fingerprint && release.artifact === now.artifact) passed.add(address);
    }
  }
  return passed;
}

/** The contract files of what the selection depends on, out of the artifacts: the folder may hold others by now. */
async function readContracts(
  workspace: Workspace,
  { services }: Project,
  { from }: Promotion,
  revisions: ReadonlyMap<Address, RevisionRecord>,
  selected: Selected,
): Promise<Map<Address, SourceFile[]>> {
  const needed = new Set(services.filter(({ address }) => selected(address)).flatMap(({ dependsOn }) => dependsOn));
  const contracts = new Map<Address, SourceFile[]>();
  for (const { address, contract, spec } of services) {
    const revision = revisions.get(address);
    if (!revision || !needed.has(address) || contract.length === 0) continue;
    const folder = await requireArtifact(workspace, revision.release.artifact, address, from);
    contracts.set(
      address,
      await filesBelow(
        folder,
        contract.map((file) => join(spec.path, file)),
      ),
    );
  }
  return contracts;
}
