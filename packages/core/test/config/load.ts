import { type LoadOptions, loadProject } from '../../src/config/load-project.ts';
import { formatProblem, type Problem } from '../../src/config/problem.ts';
import type { Project } from '../../src/config/project.ts';
import { SlipwayError } from '../../src/errors.ts';
import { projectFolder } from './project-folder.ts';
import { configRegistry } from './registry.ts';

type Options = Partial<Omit<LoadOptions, 'directory' | 'registry'>>;

/** Loads a project from these files; its directory reads as `/project`. */
export async function load(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Options = {},
): Promise<Project> {
  await using folder = await projectFolder(files);
  const { directory } = folder;
  const project = await loadProject({ directory, registry: configRegistry(), variables: {}, ...options });
  return JSON.parse(JSON.stringify(project).replaceAll(directory, '/project'));
}

/** The problems of a config that must not be valid, as people read them. */
export async function problemsOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Options = {},
): Promise<string[]> {
  return problemsIn(await failureOf(() => load(files, options))).map(formatProblem);
}

export async function failureOf(act: () => Promise<unknown>): Promise<SlipwayError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error('It should have been refused.');
}

export function problemsIn(error: SlipwayError): Problem[] {
  return error.code === 'config-invalid' ? (error.details.problems as Problem[]) : [];
}
