import type { Environment, Project } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { Platform } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { Selected } from './selection.ts';
import { type Missing, missingOfService } from './service-capabilities.ts';

/**
 * Refuses, before anything is planned, what no registered provider or strategy can do: all of it at once,
 * each with a way out. `files`: those of the source by path, where releases are made of it. Throws `capability-missing` with `details.missing`.
 */
export function refuseMissing(
  project: Project,
  registry: ProviderRegistry,
  selected: Selected,
  files?: ReadonlySet<string>,
): void {
  const missing = [...missingOfEnvironment(project, registry), ...missingTypes(project, registry, selected)];
  const { environment } = project;
  const platform = registry.platform(environment.platform.use);
  if (platform) {
    const router = registry.routerFor(platform, environment.router?.use);
    for (const service of project.services)
      if (selected(service.address)) missing.push(...missingOfService(service, platform, router, environment, files));
  }
  const [first] = missing;
  if (!first) return;
  throw new SlipwayError('capability-missing', missing.map((one) => `${one.subject}: ${one.what}`).join('\n'), {
    subject: missing.length === 1 ? first.subject : `environment ${project.environment.name}`,
    hint: [...new Set(missing.map((one) => one.hint))].join(' '),
    details: { missing },
  });
}

function missingOfEnvironment({ environment, services }: Project, registry: ProviderRegistry): Missing[] {
  const subject = `environments.${environment.name}`;
  const missing: Missing[] = environment.unsupported.map((key) => ({
    subject,
    what: `${key} can't be honoured by this version, and is not ignored.`,
    hint: `Remove ${subject}.${key}, or use a version that offers it.`,
  }));
  const { use } = environment.platform;
  const platform = registry.platform(use);
  if (services.length > 0 && !platform) {
    missing.push({
      subject,
      what: `no provider offers the platform ${use}.`,
      hint: `Known providers: ${registry.names.join(', ')}.`,
    });
  }
  if (services.length > 0) missing.push(...missingAround(environment, platform, registry));
  return missing;
}

/** What stands around the services: their router, and who measures them. */
function missingAround(
  environment: Environment,
  platform: Platform | undefined,
  registry: ProviderRegistry,
): Missing[] {
  const subject = `environments.${environment.name}`;
  const missing: Missing[] = [];
  const { router, metricSources } = environment;
  if (router !== undefined && !registry.router(router.use)) {
    const own = platform?.router ? `Leave ${subject}.router out for the platform's own. ` : '';
    const hint = `${own}Known providers: ${registry.names.join(', ')}.`;
    missing.push({ subject, what: `no provider offers the router ${router.use}.`, hint });
  } else if (router === undefined && platform && !platform.router) {
    const hint = `Name one: ${subject}.router: local, or haproxy.`;
    missing.push({ subject, what: `the platform ${platform.name} has no router of its own.`, hint });
  }
  for (const [name, { use }] of Object.entries(metricSources)) {
    if (registry.metricSource(use)) continue;
    const hint = `Known providers: ${registry.names.join(', ')}.`;
    missing.push({ subject: `metricSources.${name}`, what: `no provider offers the metric source ${use}.`, hint });
  }
  return missing;
}

function missingTypes(project: Project, registry: ProviderRegistry, selected: Selected): Missing[] {
  const missing = new Map<string, Missing>();
  for (const { type, address } of project.resources) {
    if (missing.has(type) || registry.resourceType(type) || !selected(address)) continue;
    const hint = `Known providers: ${registry.names.join(', ')}.`;
    missing.set(type, { subject: address, what: `no provider offers the resource type ${type}.`, hint });
  }
  return [...missing.values()];
}
