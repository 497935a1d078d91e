import { isObject, type JsonObject } from '../../json.ts';
import { check } from '../check.ts';
import { parseDuration } from '../duration.ts';
import { memberOf } from '../merge.ts';
import { didYouMean } from '../nearest.ts';
import { type Finding, quote } from '../problem.ts';
import type { Environment, Limits } from '../project.ts';
import { unescapeReferences } from '../references.ts';
import { environmentShellSchema, UNSUPPORTED_KEYS } from '../schema/environment.ts';
import type { ProjectValues } from '../schema/project.ts';
import { checkName } from './nodes.ts';
import { isTrue, refuseRunTimeReferences } from './scope.ts';

/** The one environment of a project that declares none. */
const DEFAULT_ENVIRONMENT = 'dev';
const DEFAULT_SLOTS = 10;

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

/** `shell` is the environment's block, references to variables resolved. Undefined when something is wrong with it. */
export function readEnvironment(
  name: string,
  shell: JsonObject,
  project: { variables: Record<string, string>; limits: LimitValues | undefined },
  findings: Finding[],
): Environment | undefined {
  const path = ['environments', name];
  refuseRunTimeReferences({ ...shell, variables: {} }, path, 'only properties and env can refer to it', findings);
  const checked = check(environmentShellSchema, shell, path, findings);
  if (!checked.whole) return undefined;
  const values = unescapeReferences(checked.values as JsonObject) as typeof checked.values;
  const { platform, router, timeout, promoteFrom } = values;
  return {
    name,
    platform: typeof platform === 'string' ? { use: platform } : (platform as Environment['platform']),
    ...(router === undefined ? {} : { router }),
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
