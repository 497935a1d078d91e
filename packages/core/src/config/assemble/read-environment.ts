import { z } from 'zod';
import { isObject, type JsonObject, type JsonValue } from '../../json.ts';
import { check } from '../check.ts';
import { parseDuration } from '../duration.ts';
import { memberOf } from '../merge.ts';
import { didYouMean } from '../nearest.ts';
import { type Finding, type Path, quote } from '../problem.ts';
import type { Environment, Limits } from '../project.ts';
import { findReferences, unescapeReferences } from '../references.ts';
import { environmentShellSchema, metricSources, UNSUPPORTED_KEYS } from '../schema/environment.ts';
import type { ProjectValues } from '../schema/project.ts';
import { visitStrings } from './interpolation.ts';
import { checkName } from './nodes.ts';
import { isTrue, refuseRunTimeReferences } from './scope.ts';

/** The one environment of a project that declares none. */
const DEFAULT_ENVIRONMENT = 'dev';
const DEFAULT_SLOTS = 10;
/** What has options that may name secrets, and is checked by itself. */
const OPTIONS = ['platform', 'router'] as const;
const sourcesSchema = z.strictObject({ metricSources });

type LimitValues = NonNullable<ProjectValues['limits']>;

/** What an environment's block says without its nodes; an empty block is an empty mapping. */
export function environmentBlock(config: JsonObject, name: string): JsonObject {
  const block = memberOf(memberOf(config, 'environments'), name);
  if (!isObject(block)) return {};
  const { resources: _, services: __, ...shell } = block;
  return shell;
}

/** The declared environments' names, or `dev` when there are none. */
export function environmentNames(config: JsonObject): string[] {
  const declared = config.environments;
  const names = isObject(declared) ? Object.keys(declared) : [];
  return names.length === 0 ? [DEFAULT_ENVIRONMENT] : names;
}

/** Finds fault with the environments' own keys, those of all of them, as written. */
export function checkEnvironments(config: JsonObject, findings: Finding[]): void {
  const declared = config.environments;
  if (declared === undefined || declared === null) return;
  if (!isObject(declared)) {
    findings.push({ path: ['environments'], message: 'must be a mapping of names to environments' });
    return;
  }
  const names = Object.keys(declared);
  for (const [name, block] of Object.entries(declared)) {
    const path = ['environments', name];
    checkName(name, path, findings);
    const shell = isObject(block) || block === null ? environmentBlock(config, name) : block;
    check(environmentShellSchema, shell, path, findings);
    const from = memberOf(block, 'promoteFrom');
    if (typeof from === 'string' && !names.includes(from)) {
      const hint = didYouMean(from, names) ?? `environments: ${names.join(', ')}`;
      findings.push({ path: [...path, 'promoteFrom'], message: `there is no environment ${quote(from)}`, hint });
    } else if (from === name) {
      const hint = 'name the environment where releases are tried first';
      findings.push({ path: [...path, 'promoteFrom'], message: 'is this environment itself', hint });
    }
  }
}

type Options = { use: string } & JsonObject;

/** A name, or a name with options. What they name of secrets is left in, and stays escaped, until a run resolves it. */
function withOptions(written: string | Readonly<Record<string, unknown>>): Options {
  return typeof written === 'string' ? { use: written } : (written as Options);
}

/** Undefined when something is wrong with them. */
function readMetricSources(sources: JsonObject | undefined, findings: Finding[]): Record<string, Options> | undefined {
  const path = ['metricSources'];
  refuseNodeReferences(sources, path, findings);
  const checked = check(sourcesSchema, { metricSources: sources ?? {} }, [], findings);
  for (const name of Object.keys(sources ?? {})) {
    if (name !== 'router') continue;
    findings.push({ path: [...path, name], message: 'is the name of the router itself', hint: 'give it another name' });
    return undefined;
  }
  return checked.whole ? (checked.values.metricSources as Record<string, Options>) : undefined;
}

/** Secrets are resolved when the options are used; what a node's outputs are may not be known by then. */
function refuseNodeReferences(value: JsonValue | undefined, path: Path, findings: Finding[]): void {
  if (value === undefined) return;
  visitStrings(value, path, (text, place) => {
    for (const { kind, name, output } of findReferences(text)) {
      if (kind !== 'resource' && kind !== 'service') continue;
      const message = `${quote(`\${${kind}:${name}.${output}}`)} can not stand here`;
      findings.push({ path: place, message, hint: 'only properties and env can refer to it' });
    }
  });
}

/** `shell` is the environment's block, references to variables resolved. Undefined when something is wrong with it. */
export function readEnvironment(
  name: string,
  shell: JsonObject,
  project: {
    variables: Record<string, string>;
    limits: LimitValues | undefined;
    /** With the environment's laid over. */
    metricSources: JsonObject | undefined;
  },
  findings: Finding[],
): Environment | undefined {
  const path = ['environments', name];
  const { platform: _, router: __, metricSources: ___, ...rest } = shell;
  refuseRunTimeReferences({ ...rest, variables: {} }, path, 'only properties and env can refer to it', findings);
  for (const key of OPTIONS) refuseNodeReferences(shell[key], [...path, key], findings);
  const metricSources = readMetricSources(project.metricSources, findings);
  const checked = check(environmentShellSchema, { ...shell, metricSources: {} }, path, findings);
  if (!checked.whole || !metricSources) return undefined;
  // What is laid over the project's sources was checked with them.
  const { platform, router, metricSources: ____, ...plain } = checked.values;
  const values = unescapeReferences(plain as JsonObject) as typeof plain;
  const { timeout, promoteFrom } = values;
  return {
    name,
    platform: withOptions(platform),
    ...(router === undefined ? {} : { router: withOptions(router) }),
    metricSources,
    onFailure: values.onFailure,
    protected: isTrue(values.protected),
    tests: values.tests,
    limits: layLimits(project.limits, values.limits),
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout)! }),
    variables: project.variables,
    ...(promoteFrom === undefined ? {} : { promoteFrom }),
    unsupported: UNSUPPORTED_KEYS.filter((key) => values[key] !== undefined),
  };
}

function layLimits(project: LimitValues | undefined, environment: LimitValues | undefined): Limits {
  const numbers = (slots: Readonly<Record<string, number | string>>) =>
    Object.fromEntries(Object.entries(slots).map(([key, value]) => [key, Number(value)]));
  return {
    overall: Number(environment?.overall ?? project?.overall ?? DEFAULT_SLOTS),
    providers: numbers({ ...project?.providers, ...environment?.providers }),
    types: numbers({ ...project?.types, ...environment?.types }),
  };
}
