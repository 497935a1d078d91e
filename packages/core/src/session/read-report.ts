import { SlipwayError } from '../errors.ts';
import type { DeploymentHeader, Store } from '../journal/store.ts';
import { DeploymentProgress, projectReport, type ReportSources, rollbackReport } from '../report/project-report.ts';
import type { DeploymentReport, RollbackReport } from '../report/report.ts';
import { planMissing } from './make-plan.ts';
import { readAllEvents } from './read-events.ts';

/** Reads one deployment's report out of the journal. Throws `deployment-unknown`. */
export async function readReport(store: Store, id: string): Promise<DeploymentReport> {
  const header = await requireDeployment(store, id);
  const report = await project(store, header);
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

/** The report of a deployment that has just completed, out of what was journalled meanwhile. */
export async function reportCompleted(store: Store, run: CompletedRun): Promise<DeploymentReport> {
  const header = await requireDeployment(store, run.id);
  const { plan, progress, state } = run;
  return withRollback({ header, plan, progress, state });
}

/** What whoever ran a deployment to its end knows of it without reading. */
export type CompletedRun = Pick<DeploymentHeader, 'id'> & Pick<ReportSources, 'plan' | 'progress' | 'state'>;

async function project(store: Store, header: DeploymentHeader): Promise<DeploymentReport> {
  const plan = await store.plan(header.plan);
  if (!plan) throw planMissing(header.id);
  const [events, state] = await Promise.all([
    readAllEvents(store, { environment: header.environment, deployment: header.id }),
    store.state(header.environment, header.endedAt === null ? undefined : header.lastSeq),
  ]);
  const progress = new DeploymentProgress(plan);
  for (const event of events) progress.add(event);
  return withRollback({ header, plan, progress, state });
}

function withRollback(sources: ReportSources): DeploymentReport {
  const report = projectReport(sources);
  if (sources.header.kind !== 'rollback') return report;
  return { ...report, rollback: rollbackReport(sources.plan, report) };
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
