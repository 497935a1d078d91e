import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Address } from '../../address.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { ProviderRegistry } from '../../provider/registry.ts';
import { check } from '../check.ts';
import { layOver, memberOf } from '../merge.ts';
import type { Finding } from '../problem.ts';
import type { Environment, Project, ResourceDeclaration, ServiceDeclaration } from '../project.ts';
import { unescapeReferences } from '../references.ts';
import { type ProjectValues, projectShellSchema } from '../schema/project.ts';
import type { Config } from '../source/read-config.ts';
import { checkLockstep } from './check-lockstep.ts';
import { loadKnown } from './check-options.ts';
import { Interpolation, type Variables } from './interpolation.ts';
import { NodeNames } from './node-names.ts';
import { layNodes, type Nodes } from './nodes.ts';
import { environmentBlock, readEnvironment } from './read-environment.ts';
import { readResource } from './read-resource.ts';
import { readService } from './read-service.ts';
import type { Scope } from './scope.ts';

/** How a service gets another name. */
const RENAME =
  'take this entry out, then keep the old name, or deploy the new one beside the old on another port and remove the old one when nobody uses it; it begins with an empty SLIPWAY_DATA_DIR';

export interface AssembleOptions {
  registry: ProviderRegistry;
  variables: Variables;
  /** Whether an `${env:}` without default must be set. */
  requireEnv: boolean;
  /** False: the environment and the project's settings alone, whatever the resources and services are like. */
  withNodes?: boolean;
}

const NO_NODES: Nodes = { resources: new Map(), services: new Map(), removed: new Set() };

/**
 * Validates a config for one environment and puts the project together. Either there are findings, or
 * there is a project; with `requireEnv: false` there may be neither.
 */
export async function assembleProject(
  config: Config & { value: JsonObject },
  environmentName: string,
  options: AssembleOptions,
): Promise<{ project: Project | undefined; findings: Finding[] }> {
  const findings: Finding[] = [];
  const interpolation = new Interpolation(options.variables, options.requireEnv, findings);
  const block = environmentBlock(config.value, environmentName);
  const path = ['environments', environmentName];
  const variables = interpolation.declare([
    { values: config.value.variables, path: ['variables'] },
    { values: block.variables, path: [...path, 'variables'] },
  ]);
  const settings = readSettings(config.value, interpolation, findings);
  const { variables: _, ...shell } = block;
  const { withNodes = true } = options;
  const nodes = withNodes ? layNodes(config.value, environmentName, findings) : NO_NODES;
  const { services } = layNodes(config.value, environmentName, []);
  const metricSources = layMetricSources(config.value, block, services.values(), interpolation, findings);
  const environment = readEnvironment(
    environmentName,
    interpolation.apply(shell, path),
    { variables, limits: settings.values.limits, metricSources },
    findings,
  );
  const types = await loadKnown(options.registry, typesOf(nodes), environment, findings);
  const names = new NodeNames(nodes, environmentName);
  const known = environment && Object.keys(environment.metricSources);
  const scope = { interpolation, names, types, variables, metricSources: known, ports: new Map(), findings };
  const declared = readNodes(nodes, scope);
  if (declared.whole) checkLockstep(declared.services, declared.resources, findings);
  if (withNodes) checkMoved(config.value, settings.values, nodes, findings);
  if (findings.length > 0 || !environment || !settings.whole || !declared.whole)
    return { project: undefined, findings };
  const project = await toProject(config, settings.values, environment, declared);
  return { project: withNodes ? project : { ...project, moved: [] }, findings };
}

function readSettings(config: JsonObject, interpolation: Interpolation, findings: Finding[]) {
  const { resources: _, services: __, environments: ___, metricSources: ____, variables, ...shell } = config;
  const applied = interpolation.apply(shell, []);
  return check(projectShellSchema, variables === undefined ? applied : { ...applied, variables }, [], findings);
}

function typesOf(nodes: Nodes): Set<string> {
  const types = new Set<string>();
  for (const resource of nodes.resources.values()) {
    const type = memberOf(resource, 'type');
    if (typeof type === 'string') types.add(type);
  }
  return types;
}

/**
 * The environment's laid over the project's. One that no service here asks is left out where it names what isn't set:
 * another environment may be the only one that has it.
 */
function layMetricSources(
  config: JsonObject,
  block: JsonObject,
  services: Iterable<JsonObject>,
  interpolation: Interpolation,
  findings: Finding[],
): JsonObject {
  const [below, over] = [config.metricSources, block.metricSources];
  const laid = layOver(isObject(below) ? below : {}, isObject(over) ? over : {}, ['metricSources']);
  const asked = sourcesAsked(services);
  const sources = Object.entries(laid).flatMap(([name, source]) => {
    const before = findings.length;
    const { [name]: applied } = interpolation.apply({ [name]: source }, ['metricSources']);
    if (asked.has(name) || findings.length === before) return [[name, applied!] as const];
    findings.length = before;
    return [];
  });
  return Object.fromEntries(sources);
}

/** Whatever is named as a source in what is declared of services, at any depth. */
function sourcesAsked(services: Iterable<JsonObject>): Set<string> {
  const asked = new Set<string>();
  JSON.stringify([...services], (key, value: unknown) => {
    if (key === 'source' && typeof value === 'string') asked.add(value);
    return value;
  });
  return asked;
}

function readNodes(nodes: Nodes, scope: Scope) {
  const resources: ResourceDeclaration[] = [];
  const services: ServiceDeclaration[] = [];
  for (const [name, node] of nodes.resources) {
    const resource = readResource(name, node, scope);
    if (resource) resources.push(resource);
  }
  for (const [name, node] of nodes.services) {
    const service = readService(name, node, scope);
    if (service) services.push(service);
  }
  const whole = resources.length === nodes.resources.size && services.length === nodes.services.size;
  return { resources, services, whole };
}

/**
 * A rename points from a resource that is no longer declared to one that is. Platforms know services by their names:
 * their processes, ports and data can't be renamed while they run.
 */
function checkMoved(config: JsonObject, settings: Partial<ProjectValues>, nodes: Nodes, findings: Finding[]): void {
  const isDeclared = (address: string) => {
    const name = address.slice('resource:'.length);
    return nodes.resources.has(name) || memberOf(config.resources, name);
  };
  for (const [index, { from, to }] of (settings.moved ?? []).entries()) {
    const path = ['moved', index];
    if (from.split(':')[0] !== to.split(':')[0]) {
      findings.push({ path, message: 'a resource can not become a service, nor a service a resource' });
    } else if (from.startsWith('service:')) {
      findings.push({ path, message: `${from} can not be renamed: its platform knows it by its name`, hint: RENAME });
    } else if (isDeclared(from)) {
      findings.push({ path: [...path, 'from'], message: `${from} is still declared` });
    } else if (!isDeclared(to)) {
      findings.push({ path: [...path, 'to'], message: `${to} is not declared` });
    }
  }
}

async function toProject(
  config: Config,
  settings: ProjectValues,
  environment: Environment,
  nodes: { resources: ResourceDeclaration[]; services: ServiceDeclaration[] },
): Promise<Project> {
  return {
    name: settings.name,
    directory: config.directory,
    file: config.file,
    environment,
    resources: nodes.resources,
    services: nodes.services,
    moved: (settings.moved ?? []) as { from: Address; to: Address }[],
    automaticTags: settings.automaticTags,
    secretFiles: await findSecretFiles(config.directory, settings.secrets?.files),
  };
}

async function findSecretFiles(directory: string, declared: readonly string[] | undefined): Promise<string[]> {
  if (declared) return declared.map((file) => resolve(directory, unescapeReferences(file)));
  const byDefault = resolve(directory, '.env');
  try {
    await access(byDefault);
    return [byDefault];
  } catch {
    return [];
  }
}
