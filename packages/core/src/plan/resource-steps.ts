import { predecessorAddress, type ReplaceOrder, type ResourceRecord } from '../state/record.ts';
import type { Change } from './change.ts';
import type { Dependents } from './dependents.ts';
import { declaredOf } from './known-outputs.ts';
import type { StepOrder } from './order.ts';
import type { DesiredResource } from './step.ts';
import type { StepDrafts, StepOptions } from './step-drafts.ts';

/** What is to become of one resource. */
export interface ResourceIntent {
  change: Change;
  /** As recorded until now. */
  record: ResourceRecord | undefined;
  /** Absent for a deletion. */
  desired?: DesiredResource;
  changed: string[];
  options: Pick<StepOptions, 'timeoutMs' | 'retries'>;
}

/**
 * Emits the steps that make a resource as wanted, and says in `order` which steps stand for it. Call in
 * dependency order; deletions follow with {@link emitDeletions}, when all dependents are known.
 */
export function emitResource(intent: ResourceIntent, drafts: StepDrafts, order: StepOrder): void {
  const { change, desired, options } = intent;
  const { address } = change;
  if (!desired) return;
  const needs = order.readyAll(desired.dependsOn);
  if (change.action === 'none') {
    order.passThrough(address, desired.dependsOn);
    return;
  }
  const record = intent.record && { ...intent.record, address };
  if (change.movedFrom && record) {
    needs.push(
      drafts.resource(address, record.type, 'move', {
        action: 'record',
        input: { removes: [change.movedFrom], puts: [record] },
      }),
    );
  }
  if (change.action === 'update' && intent.changed.length === 0) {
    const { declared: _, ...known } = record ?? {};
    const put = record && {
      ...(known as ResourceRecord),
      ...declaredOf(desired.declared ?? desired.properties),
      tags: desired.tags,
      dependsOn: desired.dependsOn,
      protect: desired.protect,
      replace: desired.replace,
    };
    if (put) {
      order.setReady(address, [
        drafts.resource(
          address,
          put.type,
          'record',
          { action: 'record', input: { removes: [], puts: [put] } },
          { needs },
        ),
      ]);
    }
    return;
  }
  const step =
    change.action === 'update'
      ? drafts.resource(
          address,
          desired.type,
          'update',
          { action: 'update', input: { desired, changed: intent.changed } },
          { ...options, needs },
        )
      : drafts.resource(
          address,
          desired.type,
          'create',
          { action: 'create', input: { desired } },
          { ...options, needs },
        );
  order.setReady(address, [step]);
  if (change.action === 'replace' && replaceOrderOf(intent) === 'delete-before-create')
    order.addGone(address, `${address}/delete`);
  if (change.action === 'replace' && replaceOrderOf(intent) === 'create-before-delete')
    order.addGone(address, `${address}/delete-old`);
}

/** Which comes first when this one is replaced: what the record says, so that a removed declaration can't change it. */
export function replaceOrderOf(intent: ResourceIntent): ReplaceOrder {
  return intent.desired?.replace ?? intent.record?.replace ?? 'delete-before-create';
}

/**
 * Emits the deletions: of what is no longer wanted, and of what was replaced. A thing goes after everything
 * that depends on it has gone or has turned away.
 */
export function emitDeletions(
  intents: readonly ResourceIntent[],
  drafts: StepDrafts,
  order: StepOrder,
  dependents: Dependents,
): void {
  for (const intent of intents)
    if (intent.change.action === 'delete') order.addGone(intent.change.address, `${intent.change.address}/delete`);
  for (const intent of intents) {
    const { change, record, options } = intent;
    const { address } = change;
    if (!record) continue;
    if (change.action === 'delete') {
      const needs = new Set<string>();
      for (const dependent of dependents.of(address)) {
        const steps = dependents.isDeleted(dependent)
          ? order.gone(dependent)
          : [...order.ready(dependent), ...order.gone(dependent)];
        for (const step of steps) needs.add(step);
      }
      drafts.resource(
        address,
        record.type,
        'delete',
        { action: 'delete', input: { at: address } },
        { ...options, needs: [...needs] },
      );
    } else if (change.action === 'replace' && replaceOrderOf(intent) === 'delete-before-create') {
      emitDeletionBeforeCreation(intent, record, drafts, order, dependents);
    } else if (change.action === 'replace') {
      const needs = new Set<string>(order.ready(address));
      for (const dependent of dependents.of(address)) {
        for (const step of [...order.ready(dependent), ...order.gone(dependent)]) needs.add(step);
      }
      const at = predecessorAddress({ ...record, address });
      drafts.resource(
        address,
        record.type,
        'delete-old',
        { action: 'delete', input: { at } },
        { ...options, needs: [...needs] },
      );
    }
  }
}

/**
 * Only what vanishes with it must vanish before it: whatever stays waits for the new one, which waits for this
 * deletion, and so does what vanishes when that which stays has let go of it.
 */
function emitDeletionBeforeCreation(
  intent: ResourceIntent,
  record: ResourceRecord,
  drafts: StepDrafts,
  order: StepOrder,
  dependents: Dependents,
): void {
  const { address } = intent.change;
  const needs = new Set<string>(intent.change.movedFrom ? [`${address}/move`] : []);
  for (const dependent of dependents.of(address)) {
    const gone = order.gone(dependent);
    if (dependents.goesAlone(dependent)) for (const step of gone) needs.add(step);
    else if (!dependents.isDeleted(dependent) && gone.includes(`${dependent}/delete`)) needs.add(`${dependent}/delete`);
  }
  const step = drafts.resource(
    address,
    record.type,
    'delete',
    { action: 'delete', input: { at: address } },
    { ...intent.options, needs: [...needs] },
  );
  drafts.addNeed(`${address}/create`, step);
}
