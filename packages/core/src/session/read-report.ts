import { SlipwayError } from '../errors.ts';
import type { DeploymentHeader, Store } from '../journal/store.ts';
import type { Plan } from '../plan/plan.ts';
import { projectReport, rollbackReport } from '../report/project-report.ts';
import type { DeploymentReport, RollbackReport } from '../report/report.ts';
import { planMissing } from './make-plan.ts';
import { readAllEvents } from './read-events.ts';

/** Reads one deployment's report out of the journal; the plan too, unless it is at hand. Throws `deployment-unknown`. */
export async function readReport(store: Store, id: string, atHand?: Plan): Promise<DeploymentReport> {
  const header = await requireDeployment(store, id);
  const report = await project(store, header, atHand);
  const rollback = await rollbackOf(store, header, report);
  return rollback ? { ...report, rollback } : report;
}

/** The deployment with this id or unique prefix. */
export async function requireDeployment(store: Store, id: string): Promise<DeploymentHeader> {
  const header = await store.deployment(id);
  if (header) return header;
  throw new SlipwayError('deployment-unknown', `There is no deployment ${id}.`, {
    subject: id,
    hint: 'See slipway history.',
  });
}

async function project(store: Store, header: DeploymentHeader, atHand?: Plan): Promise<DeploymentReport> {
  const plan = atHand?.digest === header.plan ? atHand : await store.plan(header.plan);
  if (!plan) throw planMissing(header.id);
  const [events, state] = await Promise.all([
    readAllEvents(store, { environment: header.environment, deployment: header.id }),
    store.state(header.environment, header.endedAt === null ? undefined : header.lastSeq),
  ]);
  const report = projectReport({ header, plan, events, state });
  return header.kind === 'rollback' ? { ...report, rollback: rollbackReport(plan, report) } : report;
}

/** The newest rollback of this deployment, if there was one. */
async function rollbackOf(
  store: Store,
  header: DeploymentHeader,
  report: DeploymentReport,
): Promise<RollbackReport | undefined> {
  if (
    report.rollback ||
    (header.status !== 'rolled_back' && header.status !== 'rolling_back' && header.status !== 'failed')
  ) {
    return report.rollback;
  }
  const recent = await store.deployments({ environment: header.environment, limit: 200 });
  const found = recent.find((one) => one.rollbackOf === header.id);
  return found && (await project(store, found)).rollback;
}
