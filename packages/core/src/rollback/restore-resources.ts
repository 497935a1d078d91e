import type { Address } from '../address.ts';
import { Graph } from '../graph/graph.ts';
import { equalJson } from '../json.ts';
import type { Change, Reason } from '../plan/change.ts';
import { differencesFor } from '../plan/difference.ts';
import type { StepOrder } from '../plan/order.ts';
import { emitResource, type ResourceIntent } from '../plan/resource-steps.ts';
import { changedSecrets } from '../plan/secret-names.ts';
import type { DesiredResource, StepWork } from '../plan/step.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { predecessorAddress, type ResourceRecord, type State } from '../state/record.ts';

/** Two recorded states: what is, and what shall be again. */
export interface Restoration {
  current: State;
  target: State;
  registry: ProviderRegistry;
  selected: (address: Address) => boolean;
}

/** Emits what brings resources back, and returns every intent, deletions included: those are emitted last. */
export function restoreResources(restoration: Restoration, drafts: StepDrafts, order: StepOrder): ResourceIntent[] {
  const { current, target, selected } = restoration;
  const intents: ResourceIntent[] = [];
  const reused = new Set<Address>();
  for (const record of targetsInOrder(target)) {
    if (!selected(record.address)) continue;
    const now = current.get(record.address);
    const before = now?.kind === 'resource' ? now : undefined;
    const kept = current.get(predecessorAddress(record));
    if (before?.token !== record.token && kept?.kind === 'resource' && kept.token === record.token) {
      intents.push(swapBack(record, before, kept, drafts, order));
      reused.add(kept.address);
      continue;
    }
    const intent = intentOf(record, before, restoration.registry);
    intents.push(intent);
    emitResource(intent, drafts, order);
  }
  for (const [address, record] of current) {
    if (record.kind !== 'resource' || target.has(address) || reused.has(address) || !selected(address)) continue;
    const change: Change = {
      address,
      type: record.type,
      action: 'delete',
      reasons: [reason('snapshot', 'recorded', null)],
    };
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

/** What was replaced still exists beside its successor: it takes its address back, and the successor goes. */
function swapBack(
  record: ResourceRecord,
  successor: ResourceRecord | undefined,
  kept: ResourceRecord,
  drafts: StepDrafts,
  order: StepOrder,
): ResourceIntent {
  const { address, type } = record;
  const aside = successor && { ...successor, address: predecessorAddress(successor) };
  const puts = aside ? [record, aside] : [record];
  const work: StepWork = { action: 'record', input: { removes: [kept.address], puts } };
  order.setReady(address, [
    drafts.resource(address, type, 'restore', work, { needs: order.readyAll(record.dependsOn) }),
  ]);
  const change: Change = { address, type, action: 'update', reasons: [reason('id', successor?.id ?? null, record.id)] };
  if (aside) {
    const needs = [...order.ready(address)];
    drafts.resource(address, aside.type, 'delete-new', { action: 'delete', input: { at: aside.address } }, { needs });
  }
  return { change, record: undefined, changed: [], options: {} };
}

function intentOf(
  record: ResourceRecord,
  before: ResourceRecord | undefined,
  registry: ProviderRegistry,
): ResourceIntent {
  const { address, type } = record;
  const desired = desiredOf(record);
  const head = { address, type };
  if (!before) {
    const reasons = [reason('snapshot', null, 'recorded')];
    return { change: { ...head, action: 'create', reasons }, record: undefined, desired, changed: [], options: {} };
  }
  if (before.token !== record.token || before.type !== record.type) {
    const reasons = [{ ...reason('id', before.id, record.id), replaces: true }];
    return { change: { ...head, action: 'replace', reasons }, record: before, desired, changed: [], options: {} };
  }
  const resourceType = registry.requireResourceType(type, address);
  const reasons: Reason[] = differencesFor(resourceType, before.properties, record.properties).map((one) => ({
    ...one,
    path: `properties.${one.path}`,
  }));
  for (const name of changedSecrets(before.secrets, record.secrets))
    reasons.push(reason(`secrets.${name}`, '(secret)', '(secret changed)'));
  if (before.incomplete) reasons.push(reason('incomplete', before.incomplete.reason, null));
  const changed = reasons.map((one) => one.path.replace(/^properties\./, ''));
  if (reasons.length === 0 && !equalJson(before, record)) reasons.push(reason('record', 'changed', 'snapshot'));
  const action = reasons.length > 0 ? 'update' : 'none';
  return { change: { ...head, action, reasons }, record: before, desired, changed, options: {} };
}

/** What a record says was wanted: references are resolved in it, so it can be applied again as it stands. */
export function desiredOf(record: ResourceRecord): DesiredResource {
  const { type, properties, secrets, dependsOn, tags, protect, replace } = record;
  return { type, properties, secrets, dependsOn, tags, protect, replace };
}

function reason(path: string, before: Reason['before'], after: Reason['after']): Reason {
  return { path, before, after, replaces: false };
}
