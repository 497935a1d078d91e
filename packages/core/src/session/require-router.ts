import { nameOf } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { adaptersOf, lookingContext } from './call-context.ts';
import { lookAtRouter } from './look-at-router.ts';
import type { Workspace } from './workspace.ts';

/**
 * Makes sure that the router can do its work before a deployment builds, migrates or starts anything: found at the
 * switch, all of that would have to be taken back. Throws `router-unusable`, with all that it lacks. Ways back are not
 * refused, nor is a deployment that changes resources: one of them may be what the router lacks.
 */
export async function requireRouter(workspace: Workspace, { kind, steps, changes, ...plan }: Plan): Promise<void> {
  const { registry } = workspace;
  // To let nobody in any more, for a service that is taken out, a router needs nothing of what it may lack.
  const switches = steps.filter(
    (step) => step.action === 'switch' && Object.values(step.input.weights).some((share) => share > 0),
  );
  const changesResources = changes.some(({ address, action }) => address.startsWith('resource:') && action !== 'none');
  if (kind !== 'deploy' || switches.length === 0 || changesResources) return;
  await registry.load(adaptersOf(plan.runtime));
  const platform = registry.platform(plan.runtime.platform.use);
  const router = platform && registry.routerFor(platform, plan.runtime.router?.use);
  const context = await lookingContext(workspace, plan.environment, plan.runtime);
  const services = [...new Set(switches.map(({ subject }) => nameOf(subject)))];
  const problems = await lookAtRouter(workspace, router, context, services);
  const [first] = problems;
  if (!first) return;
  const hints = [...new Set(problems.flatMap(({ hint }) => hint ?? []))];
  throw new SlipwayError('router-unusable', problems.map(({ message }) => message).join('\n'), {
    subject: first.subject ?? `environments.${plan.environment}.router`,
    hint: ['Nothing was begun.', ...hints].join(' '),
    details: { problems: problems.map(({ code, message }) => ({ code, message })) },
  });
}
