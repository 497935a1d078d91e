import type { Limits } from '../config/project.ts';
import { costOfStates } from '../cost/plan-costs.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { desiredOf } from '../rollback/restore-resources.ts';
import type { DriftReport } from '../slipway-api.ts';
import { predecessorAddress, type ResourceRecord, type State } from '../state/record.ts';
import { roomFor, withinRoom } from '../strategies/room.ts';
import { assemblePlan } from './assemble.ts';
import type { Change } from './change.ts';
import type { Plan, PlanRuntime } from './plan.ts';
import { restoreService } from './restore-service.ts';
import { StepDrafts } from './step-drafts.ts';

export interface DriftInput {
  project: string;
  environment: string;
  drift: DriftReport;
  state: State;
  stateSeq: number;
  registry: ProviderRegistry;
  durations: ReadonlyMap<string, number>;
  limits: Limits;
  runtime: PlanRuntime;
  ship: string;
}

/** Brings back what drifted to what is recorded: the same steps as a deployment's, from the record alone. Pure. */
export function planDrift(input: DriftInput): Plan {
  const drafts = new StepDrafts(input.registry, input.durations);
  const changes: Change[] = [];
  for (const item of input.drift.items) {
    const record = input.state.get(item.address);
    if (!record || item.status === 'in-sync' || item.status === 'cannot-tell') continue;
    const reasons = item.differences.map(({ path, before, after }) => ({
      path,
      before: after,
      after: before,
      replaces: false,
    }));
    if (record.kind === 'service') {
      const { platform } = input.runtime;
      const there = withinRoom(record, roomFor(record, input.registry.platform(platform.use), platform));
      restoreService({ record: there, revisions: Object.values(there.revisions) }, drafts);
      changes.push({ address: item.address, type: 'service', action: 'update', reasons });
    } else {
      const action = item.status === 'missing' ? 'create' : 'update';
      const what = item.differences.map((one) => one.path).join(', ');
      const canUpdate = input.registry.resourceType(record.type)?.update !== undefined;
      restoreResource(record, action, canUpdate, what, drafts);
      changes.push({ address: item.address, type: record.type, action, reasons });
    }
  }
  const { project, environment, stateSeq, limits, runtime, ship, registry } = input;
  // What is recorded stays as it is; what is missing costs as much again.
  const cost = costOfStates(registry, input.state, input.state.values());
  const frame = {
    kind: 'drift',
    project,
    environment,
    ship,
    base: { seq: stateSeq },
    changes,
    ...(cost ? { cost } : {}),
    limits,
    runtime,
  } as const;
  return assemblePlan({ ...frame, onFailure: 'continue', warnings: [] }, drafts.list);
}

/** The record first says that the thing isn't whole, so that a kill in between leaves no false peace. */
function restoreResource(
  record: ResourceRecord,
  action: 'create' | 'update',
  canUpdate: boolean,
  what: string,
  drafts: StepDrafts,
): void {
  const { address, type } = record;
  const desired = desiredOf(record);
  if (action === 'create') {
    const forgotten = drafts.resource(address, type, 'forget', {
      action: 'record',
      input: { removes: [address], puts: [] },
    });
    drafts.resource(address, type, 'create', { action: 'create', input: { desired } }, { needs: [forgotten] });
    return;
  }
  if (!canUpdate) {
    const created = drafts.resource(address, type, 'create', { action: 'create', input: { desired } });
    const at = predecessorAddress(record);
    drafts.resource(address, type, 'delete-old', { action: 'delete', input: { at } }, { needs: [created] });
    return;
  }
  const put: ResourceRecord = { ...record, incomplete: { action: 'update', reason: `drifted: ${what}` } };
  const marked = drafts.resource(address, type, 'mark', { action: 'record', input: { removes: [], puts: [put] } });
  const changed = Object.keys(record.properties);
  drafts.resource(address, type, 'update', { action: 'update', input: { desired, changed } }, { needs: [marked] });
}
