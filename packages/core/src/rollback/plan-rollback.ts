import type { Address } from '../address.ts';
import type { Limits } from '../config/project.ts';
import { costOfStates } from '../cost/plan-costs.ts';
import { SlipwayError } from '../errors.ts';
import { assemblePlan } from '../plan/assemble.ts';
import type { Change } from '../plan/change.ts';
import { recordedDependents } from '../plan/dependents.ts';
import { StepOrder } from '../plan/order.ts';
import type { Plan, PlanRuntime, PlanWarning } from '../plan/plan.ts';
import { emitDeletions } from '../plan/resource-steps.ts';
import { type StepDraft, StepDrafts } from '../plan/step-drafts.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ServiceRecord, State } from '../state/record.ts';
import { roomFor } from '../strategies/room.ts';
import { Homecoming } from './homecoming.ts';
import type { MigrationDone } from './migrations-done.ts';
import { withMigrated } from './migrations-down.ts';
import { type PresentSecret, rotationWarnings, withPresentSecrets } from './present-secrets.ts';
import { type Restoration, restoreResources } from './restore-resources.ts';
import { restoreServices } from './restore-services.ts';
import { roomWarnings } from './room-warnings.ts';
import { sameThings } from './same-things.ts';

export interface RollbackInput {
  project: string;
  environment: string;
  /** What is recorded now, and up to which event. */
  current: State;
  currentSeq: number;
  /** What was recorded then. */
  target: State;
  /** What has to go down, in the order it went up. */
  migrations: readonly MigrationDone[];
  registry: ProviderRegistry;
  presentSecret: PresentSecret;
  selected: (address: Address) => boolean;
  durations: ReadonlyMap<string, number>;
  limits: Limits;
  runtime: PlanRuntime;
  rollback: { of: string | null; to: string | null };
  ship: string;
  /** A failed deployment is taken back: nobody used yet what it created, so no guard holds it. */
  isAutomatic: boolean;
}

/**
 * The inverse of what was journalled: from one recorded state back to an earlier one, as a plan for the same
 * executor. Pure. Best effort: one failed undo holds up only what would do harm without it.
 */
export function planRollback(input: RollbackInput): Plan {
  const drafts = new StepDrafts(input.registry, input.durations);
  const order = new StepOrder();
  const { current, registry, selected } = input;
  const target = withPresentSecrets(input.target, input.presentSecret);
  const isSameThing = sameThings(current, target, selected);
  const restoration: Restoration = { current, target, registry, selected, isSameThing };
  const recorded = recordedDependents(current, (address) => current.has(address) && !target.has(address));
  const dependents = withMigrated(recorded, input.migrations);
  const homecoming = new Homecoming(restoration, drafts);
  const intents = restoreResources(restoration, homecoming, drafts, order);
  const platform = input.runtime.platform.use;
  const room = (record: ServiceRecord) => roomFor(record, registry.platform(platform), input.runtime.platform);
  const services = restoreServices({ ...restoration, platform, room }, input.migrations, drafts, order, dependents);
  emitDeletions(intents, drafts, order, dependents);
  homecoming.emitDeletions(order, dependents);
  const changes: Change[] = [...intents.map((intent) => intent.change), ...services];
  refuseToBreakTheRest(input, changes);
  if (!input.isAutomatic) refuseProtected(current, changes);
  const kept = [...current.values()].filter(({ address }) => !selected(address));
  const back = [...input.target.values()].filter(({ address }) => selected(address));
  const cost = costOfStates(registry, current, [...kept, ...back]);
  return assemblePlan(
    {
      kind: 'rollback',
      project: input.project,
      environment: input.environment,
      ship: input.ship,
      base: { seq: input.currentSeq },
      changes,
      ...(cost ? { cost } : {}),
      onFailure: 'continue',
      limits: input.limits,
      runtime: input.runtime,
      warnings: warningsOf(
        input,
        intents.map((intent) => intent.change),
        room,
      ),
      rollback: input.rollback,
    },
    drafts.list.map(bestEffort),
  );
}

/** Between subjects there is order, not dependence, unless something would be taken away from under another. */
function bestEffort(draft: StepDraft): StepDraft {
  if (draft.action === 'delete' || draft.action === 'unroute' || draft.action === 'retire') return draft;
  const own = draft.needs.filter((need) => need.startsWith(`${draft.subject}/`));
  const others = draft.needs.filter((need) => !need.startsWith(`${draft.subject}/`));
  return others.length === 0 ? draft : { ...draft, needs: own, after: [...(draft.after ?? []), ...others] };
}

/** A partial rollback must not delete what something outside of it depends on. */
function refuseToBreakTheRest({ current, target, selected }: RollbackInput, changes: readonly Change[]): void {
  const deleted = new Set(changes.filter((change) => change.action === 'delete').map((change) => change.address));
  for (const [address, record] of current) {
    const stays =
      !selected(address) || (target.has(address) && target.get(address)!.dependsOn.some((need) => deleted.has(need)));
    const need = stays ? record.dependsOn.find((one) => deleted.has(one)) : undefined;
    if (!need) continue;
    throw new SlipwayError('dependents-remain', `${address} depends on ${need}, which the rollback would delete.`, {
      subject: address,
      hint: `Roll ${address} back too, or everything: leave --only out.`,
    });
  }
}

/** A person's rollback must not delete what was guarded since. */
function refuseProtected(current: State, changes: readonly Change[]): void {
  const guarded = changes.filter(({ address, action }) => {
    return (action === 'delete' || action === 'replace') && current.get(address)?.protect;
  });
  const [first] = guarded;
  if (!first) return;
  const names = guarded.map(({ address, action }) => `${address} (${action})`).join(', ');
  throw new SlipwayError('protected', `The rollback would delete what is protected: ${names}.`, {
    subject: first.address,
    hint: 'Leave it out with --only, or deploy it with "protect: false" first.',
    details: { addresses: guarded.map(({ address }) => address) },
  });
}

function warningsOf(
  input: RollbackInput,
  changes: readonly Change[],
  room: (record: ServiceRecord) => number,
): PlanWarning[] {
  const warnings = rotationWarnings(input.target, input.presentSecret, input.selected);
  warnings.push(...roomWarnings(input, input.selected, room));
  for (const { service, spec } of input.migrations) {
    if (spec.migrations?.down) continue;
    warnings.push({
      code: 'not-reversible',
      subject: service,
      message: `${service}: its migration is forward-only and stays.`,
    });
  }
  for (const change of changes) {
    if (change.action !== 'create' && change.action !== 'replace') continue;
    const message = `${change.address} was deleted and is created anew: its id and what was in it may differ.`;
    warnings.push({ code: 'not-reversible', subject: change.address, message });
  }
  return warnings;
}
