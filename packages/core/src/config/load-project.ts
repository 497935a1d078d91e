import { SlipwayError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { assembleProject } from './assemble/assemble-project.ts';
import { checkEnvironments, environmentNames } from './assemble/read-environment.ts';
import { didYouMean } from './nearest.ts';
import { type Finding, formatProblem, type Problem } from './problem.ts';
import type { Project } from './project.ts';
import { locateFaults, locateFindings, sortProblems } from './source/locate-findings.ts';
import { type Config, readConfig } from './source/read-config.ts';

export interface ValidateOptions {
  /** The project's directory. */
  directory: string;
  /** The config file, relative to the directory. Default: the first of `CONFIG_FILES` that exists. */
  file?: string | undefined;
  registry: ProviderRegistry;
  /** For `${env:NAME}`; usually `process.env`. */
  variables: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal | undefined;
}

export interface LoadOptions extends ValidateOptions {
  /** Default: the only one. */
  environment?: string | undefined;
  /**
   * False: only what concerns the environment as a whole, without resources, services and renames. Faults in
   * those are none then: what only looks, or ends everything, must go on with half a config. Default true.
   */
  withNodes?: boolean;
}

/**
 * Reads a project's config for one environment, validated as a whole. Looks at files and environment
 * variables only, changes nothing; safe to repeat.
 *
 * Throws `config-missing`; `config-invalid` with all problems in `details.problems` (see {@link Problem});
 * `environment-required` when there are several and none is named; `environment-unknown`.
 */
export async function loadProject(options: LoadOptions): Promise<Project> {
  const config = await readConfig(options);
  const { value } = config;
  const early = value ? environmentFindings(value) : [];
  if (!value || config.sources.some((source) => source.faults.length > 0)) {
    throw invalid(config, [...locateFaults(config), ...locateFindings(config, early)]);
  }
  const environment = chooseEnvironment(config, value, options.environment);
  const { project, findings } = await assembleProject({ ...config, value }, environment, {
    registry: options.registry,
    variables: options.variables,
    requireEnv: true,
    ...(options.withNodes === undefined ? {} : { withNodes: options.withNodes }),
  });
  options.signal?.throwIfAborted();
  const problems = [...locateFaults(config), ...locateFindings(config, [...early, ...findings], environment)];
  if (!project || problems.length > 0) throw invalid(config, problems);
  return project;
}

/**
 * Checks a config for all its environments and says everything that is wrong. Environment variables that
 * are not set here are no problem: each environment may be deployed from another machine. Throws `config-missing`.
 */
export async function validateProject(
  options: ValidateOptions,
): Promise<{ problems: Problem[]; environments: string[] }> {
  const config = await readConfig(options);
  const problems = locateFaults(config);
  const { value } = config;
  if (!value) return { problems: sortProblems(config, problems), environments: [] };
  problems.push(...locateFindings(config, environmentFindings(value)));
  const environments = environmentNames(value);
  for (const environment of environments) {
    options.signal?.throwIfAborted();
    const { findings } = await assembleProject({ ...config, value }, environment, {
      registry: options.registry,
      variables: options.variables,
      requireEnv: false,
    });
    problems.push(...locateFindings(config, findings, environment));
  }
  return { problems: sortProblems(config, problems), environments };
}

function environmentFindings(value: JsonObject): Finding[] {
  const findings: Finding[] = [];
  checkEnvironments(value, findings);
  return findings;
}

function chooseEnvironment(config: Config, value: JsonObject, wanted: string | undefined): string {
  const names = environmentNames(value);
  const [only] = names;
  if (wanted === undefined && only !== undefined && names.length === 1) return only;
  const list = `Environments: ${names.join(', ')}.`;
  if (wanted === undefined) {
    throw new SlipwayError('environment-required', 'The project has several environments; name one.', {
      subject: config.file,
      hint: `Use --env NAME. ${list}`,
    });
  }
  if (names.includes(wanted)) return wanted;
  const meant = didYouMean(wanted, names);
  throw new SlipwayError('environment-unknown', `There is no environment ${wanted}.`, {
    subject: wanted,
    hint: meant ? `D${meant.slice(1)} ${list}` : list,
  });
}

function invalid(config: Config, problems: readonly Problem[]): SlipwayError {
  return configInvalid(sortProblems(config, problems), config.file);
}

/** The error for a config with problems, all of them in `details.problems`. */
export function configInvalid(problems: readonly Problem[], file?: string): SlipwayError {
  const [first] = problems;
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const text = first ? `: ${formatProblem(first)}` : '.';
  return new SlipwayError('config-invalid', `The config has ${count}${text}`, {
    ...(file === undefined ? {} : { subject: file }),
    hint: 'Correct it and try again; nothing was changed. slipway validate lists all problems.',
    details: { problems },
  });
}
