import type { Project, ServiceDeclaration } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { Platform } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { strategyFor } from '../strategies/strategies.ts';
import type { Selected } from './selection.ts';

interface Missing {
  subject: string;
  what: string;
  hint: string;
}

/**
 * Refuses, before anything is planned, what no registered provider or strategy can do: all of it at once,
 * each with a way out. Throws `capability-missing` with `details.missing`.
 */
export function refuseMissing(project: Project, registry: ProviderRegistry, selected: Selected): void {
  const missing = [...missingOfEnvironment(project, registry), ...missingTypes(project, registry, selected)];
  const platform = registry.platform(project.environment.platform.use);
  if (platform) {
    for (const service of project.services)
      if (selected(service.address)) missing.push(...missingOfService(service, platform));
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
  if (environment.router !== undefined && environment.router.use !== use) {
    missing.push({
      subject,
      what: `no provider offers the router ${environment.router.use}.`,
      hint: `Leave ${subject}.router out for the platform's own.`,
    });
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

function missingOfService(service: ServiceDeclaration, platform: Platform): Missing[] {
  const missing: Missing[] = [];
  try {
    strategyFor(service, platform);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    missing.push({ subject: service.address, what: error.message, hint: error.hint ?? '' });
  }
  if (service.spec.static !== undefined && !platform.capabilities.staticSites) {
    missing.push({
      subject: service.address,
      what: `platform ${platform.name} serves no static sites.`,
      hint: 'Declare a run command that serves the folder.',
    });
  }
  return missing;
}
