import type { Address } from '../address.ts';
import { Graph } from '../graph/graph.ts';
import { equalJson } from '../json.ts';
import type { Change, Reason } from '../plan/change.ts';
import type { StepOrder } from '../plan/order.ts';
import { emitResource, type ResourceIntent } from '../plan/resource-steps.ts';
import type { DesiredResource } from '../plan/step.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ResourceRecord, State } from '../state/record.ts';
import { contentReasons } from './content-reasons.ts';
import type { Homecoming } from './homecoming.ts';
import { refersToAnother } from './same-things.ts';

/** Two recorded states: what is, and what shall be again. */
export interface Restoration {
  current: State;
  target: State;
  registry: ProviderRegistry;
  selected: (address: Address) => boolean;
  /** False when the rollback leaves another thing at the address than the snapshot had there: one made anew. */
  isSameThing: (address: Address) => boolean;
}

/** Emits what brings resources back, and returns every intent, deletions included: those are emitted last. */
export function restoreResources(
  restoration: Restoration,
  homecoming: Homecoming,
  drafts: StepDrafts,
  order: StepOrder,
): ResourceIntent[] {
  const intents: ResourceIntent[] = [];
  for (const record of targetsInOrder(restoration.target)) {
    if (!restoration.selected(record.address)) continue;
    const intent = intentOf(record, homecoming.at(record.address), restoration);
    const home = homecoming.stepFor(record.address);
    if (home && intent.change.action === 'none') {
      order.setReady(record.address, [home]);
      intents.push({ ...intent, change: { ...intent.change, action: 'update', reasons: [homecoming.reason(record)] } });
      continue;
    }
    intents.push(intent);
    emitResource(intent, drafts, order);
    const vacated = home ?? homecoming.vacatedBy(record.address);
    if (vacated) for (const step of order.ready(record.address)) drafts.addNeed(step, vacated);
  }
  return [...intents, ...deletions(restoration, homecoming)];
}

/** What the snapshot doesn't have goes; what was set aside for a homecomer goes with its own step. */
function deletions({ target, selected }: Restoration, homecoming: Homecoming): ResourceIntent[] {
  const intents: ResourceIntent[] = [];
  for (const [address, record] of homecoming.resources()) {
    if (target.has(address) || homecoming.isAside(address) || !selected(address)) continue;
    const reasons = [reason('snapshot', 'recorded', null)];
    const change: Change = { address, type: record.type, action: 'delete', reasons };
    intents.push({ change, record, changed: [], options: {} });
  }
  return intents;
}

function targetsInOrder(target: State): ResourceRecord[] {
  const graph = new Graph<ResourceRecord | undefined>();
  for (const [address, record] of target) graph.add(address, record.kind === 'resource' ? record : undefined);
  for (const [address, record] of target) {
    for (const need of record.dependsOn) if (target.has(need)) graph.addDependency(address, need);
  }
  return graph.topologicalOrder().flatMap((address) => graph.get(address) ?? []);
}

function intentOf(
  record: ResourceRecord,
  before: ResourceRecord | undefined,
  restoration: Restoration,
): ResourceIntent {
  const { address, type } = record;
  const follows = refersToAnother(record.declared, restoration.isSameThing);
  const desired = desiredOf(record, follows);
  const head = { address, type };
  if (!before) {
    const reasons = [reason('snapshot', null, 'recorded')];
    return { change: { ...head, action: 'create', reasons }, record: undefined, desired, changed: [], options: {} };
  }
  if (before.token !== record.token || before.type !== record.type) {
    const reasons = [{ ...reason('id', before.id, record.id), replaces: true }];
    return { change: { ...head, action: 'replace', reasons }, record: before, desired, changed: [], options: {} };
  }
  const reasons = contentReasons(record, before, restoration.registry);
  if (follows && reasons.length === 0) reasons.push(reason('references', 'what was', 'what is made anew'));
  const changed = reasons.map((one) => one.path.replace(/^properties\./, ''));
  if (reasons.length === 0 && !equalJson(before, record)) reasons.push(reason('record', 'changed', 'snapshot'));
  const action = reasons.length > 0 ? 'update' : 'none';
  return { change: { ...head, action, reasons }, record: before, desired, changed, options: {} };
}

/**
 * What a record says was wanted. References are resolved in it, so it can be applied again as it stands;
 * `follow` takes them as they were declared, where what they meant doesn't exist any more.
 */
export function desiredOf(record: ResourceRecord, follow = false): DesiredResource {
  const { type, properties, declared, secrets, dependsOn, tags, protect, replace } = record;
  const rest = { type, secrets, dependsOn, tags, protect, replace };
  if (!declared) return { ...rest, properties };
  return follow ? { ...rest, properties: declared } : { ...rest, properties, declared };
}

function reason(path: string, before: Reason['before'], after: Reason['after']): Reason {
  return { path, before, after, replaces: false };
}
