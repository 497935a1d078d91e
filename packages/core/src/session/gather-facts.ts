import type { Project, ServiceDeclaration } from '../config/project.ts';
import type { Facts } from '../plan/facts.ts';
import { outageReasons } from '../plan/outage.ts';
import { runtimeOf } from '../plan/plan-deployment.ts';
import type { Selected } from '../plan/selection.ts';
import { activeRevision, type ServiceRecord, type State } from '../state/record.ts';
import { lookingContext } from './call-context.ts';
import { lookAtPlatform } from './look-at-platform.ts';
import { lookAtPorts } from './look-at-ports.ts';
import { lookAtRouter } from './look-at-router.ts';
import { lookAtVisits } from './look-at-visits.ts';
import { lookAtWeights } from './look-at-weights.ts';
import type { Workspace } from './workspace.ts';

/**
 * Looks at what a plan needs to know of the world and the record can't say: which of the declared services run, asked
 * in one call and only when some are recorded, how their routers distribute, whether somebody has the port of one that
 * has no route yet, and whether anybody uses those that are judged by their users.
 * Changes nothing; what can't be looked at is said in the facts.
 */
export async function gatherFacts(
  workspace: Workspace,
  project: Project,
  state: State,
  selected: Selected,
): Promise<Facts> {
  const { use } = project.environment.platform;
  const platform = workspace.registry.platform(use);
  const services = project.services.filter(({ address }) => selected(address));
  if (!platform || services.length === 0) return { running: undefined, takenPorts: new Map() };
  const recordOf = ({ address }: ServiceDeclaration): ServiceRecord | undefined => {
    const record = state.get(address);
    return record?.kind === 'service' && record.platform === use ? record : undefined;
  };
  const context = await lookingContext(workspace, project.environment.name, runtimeOf(project));
  const router = workspace.registry.routerFor(platform, project.environment.router?.use);
  const records = services.flatMap((service) => recordOf(service) ?? []);
  const look = records.length > 0 ? await lookAtPlatform(workspace, platform, context) : undefined;
  const weights =
    look?.kind === 'seen'
      ? await lookAtWeights(workspace, { platform, router, running: look.running }, context, records)
      : undefined;
  const running = weights?.running;
  // A service that serves on its port has it.
  const wanted = services.filter((service) => {
    const record = recordOf(service);
    const stays = record && activeRevision(record)?.spec.port === service.spec.port;
    return !(stays && running && outageReasons(record, running.get(service.name) ?? []).length === 0);
  });
  const ports = wanted.map(({ address, spec }) => ({ address, port: spec.port }));
  const names = services.map(({ name }) => name);
  const [taken, routerProblems, visits] = await Promise.all([
    lookAtPorts(workspace, { platform, router }, context, ports),
    lookAtRouter(workspace, router, context, names),
    lookAtVisits(services, recordOf, workspace.registry, context),
  ]);
  return {
    running,
    visits,
    ...(look?.kind === 'unseen' ? { unseen: look.why } : {}),
    ...(weights && weights.unseen.length > 0 ? { unseenWeights: weights.unseen } : {}),
    ...(routerProblems.length > 0 ? { routerProblems } : {}),
    takenPorts: new Map(taken.map(({ address, holder }) => [address, holder])),
  };
}
