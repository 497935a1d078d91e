import type { Address } from '../address.ts';
import { Graph } from '../graph/graph.ts';
import type { Change } from '../plan/change.ts';
import type { Dependents } from '../plan/dependents.ts';
import type { StepOrder } from '../plan/order.ts';
import { emitServiceRemoval } from '../plan/service-steps.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import type { ServiceRecord, State } from '../state/record.ts';
import type { MigrationDone } from './migrations-done.ts';
import { MigrationsDown } from './migrations-down.ts';
import type { Restoration } from './restore-resources.ts';
import { ServiceRestore } from './service-restore.ts';

/**
 * Emits what brings services back: those that were taken away first, what they depend on before them; then the
 * others, dependents before what they depend on. For each the old revision is made to run and answer first,
 * then traffic moves, then the new one goes, then migrations go down, then health is verified. Canary
 * steps are never replayed.
 */
export function restoreServices(
  restoration: Restoration & { platform: string; room: (record: ServiceRecord) => number },
  migrations: readonly MigrationDone[],
  drafts: StepDrafts,
  order: StepOrder,
  dependents: Dependents,
): Change[] {
  const { current, target, selected, isSameThing, platform, room } = restoration;
  const down = new MigrationsDown(drafts, migrations);
  const isRecorded = (address: Address) => current.has(address) || target.has(address);
  const changes = down
    .beginUnrecorded(platform, (address) => isRecorded(address) || !selected(address), order)
    .map((address) => gone(address, 'migrated'));
  for (const address of servicesInOrder(restoration)) {
    if (!selected(address)) continue;
    const now = serviceOf(current, address);
    const then = serviceOf(target, address);
    if (then) {
      const back = { address, current: now, target: then, isSameThing, room: room(then) };
      const change = new ServiceRestore(back, down, drafts, order, dependents).emit();
      if (change) changes.push(change);
    } else if (now) {
      emitServiceRemoval(now, drafts, order, dependents);
      takeDownBeforeRoute(now, down, drafts);
      changes.push(gone(address, 'recorded'));
    }
  }
  return changes;
}

/** A service that the deployment created goes; what it migrated goes before its route does. */
function takeDownBeforeRoute(current: ServiceRecord, down: MigrationsDown, drafts: StepDrafts): void {
  const { address, platform } = current;
  const retired = Object.keys(current.revisions).map((id) => `${address}/retire-${id}`);
  for (const step of down.emit({ address, platform, undo: down.of(address), needs: retired })) {
    if (!retired.includes(step)) drafts.addNeed(`${address}/unroute`, step);
  }
}

function gone(address: Address, before: string): Change {
  const reasons = [{ path: 'snapshot', before, after: null, replaces: false }];
  return { address, type: 'service', action: 'delete', reasons };
}

function serviceOf(state: State, address: Address): ServiceRecord | undefined {
  const record = state.get(address);
  return record?.kind === 'service' ? record : undefined;
}

function servicesInOrder({ current, target }: Restoration): Address[] {
  const there = graphOf(current, () => true);
  const missing = graphOf(target, (address) => !current.has(address));
  return [...missing.topologicalOrder(), ...there.destructionOrder()] as Address[];
}

function graphOf(state: State, includes: (address: Address) => boolean): Graph<null> {
  const graph = new Graph<null>();
  for (const [address, record] of state) if (record.kind === 'service' && includes(address)) graph.add(address, null);
  for (const address of graph.ids() as Address[]) {
    for (const need of state.get(address)!.dependsOn) if (graph.has(need)) graph.addDependency(address, need);
  }
  return graph;
}
