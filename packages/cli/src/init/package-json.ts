import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceDraft } from './finding.ts';

/** The parts of a package.json that say how a package is built and started. */
export interface PackageJson {
  name: string;
  main?: string;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  workspaces: string[];
}

/** A folder's package.json, or undefined when there is none that can be read. */
export function readPackageJson(folder: string): PackageJson | undefined {
  try {
    const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const workspaces = Array.isArray(json.workspaces) ? json.workspaces : (json.workspaces?.packages ?? []);
    return {
      name: String(json.name ?? ''),
      ...(typeof json.main === 'string' ? { main: json.main } : {}),
      scripts: json.scripts ?? {},
      dependencies: { ...json.dependencies, ...json.devDependencies },
      workspaces,
    };
  } catch {
    return undefined;
  }
}

/** How its scripts build, start and test it; undefined for a package that neither runs nor is a site. */
export function draftFromPackage(
  folder: string,
  json: PackageJson,
  install: string | undefined,
): Pick<ServiceDraft, 'build' | 'run' | 'static' | 'tests'> | undefined {
  const run = startCommand(folder, json);
  const site = run === undefined && json.scripts.build !== undefined ? siteFolder(json) : undefined;
  if (run === undefined && site === undefined) return undefined;
  const hasDependencies = Object.keys(json.dependencies).length > 0;
  const build = [
    ...(hasDependencies && install !== undefined ? [install] : []),
    ...(json.scripts.build === undefined ? [] : ['npm run build']),
  ].join(' && ');
  const tests = testCommands(json.scripts);
  return {
    ...(build === '' ? {} : { build }),
    ...(run === undefined ? {} : { run }),
    ...(site === undefined ? {} : { static: site }),
    ...(Object.keys(tests).length === 0 ? {} : { tests }),
  };
}

/** The command that installs what the lockfile of this folder pins. */
export function installCommand(folder: string): string | undefined {
  if (existsSync(join(folder, 'package-lock.json'))) return 'npm ci';
  if (existsSync(join(folder, 'pnpm-lock.yaml'))) return 'pnpm install --frozen-lockfile';
  if (existsSync(join(folder, 'yarn.lock'))) return 'yarn install --frozen-lockfile';
  return existsSync(join(folder, 'package.json')) ? 'npm install' : undefined;
}

function startCommand(folder: string, { scripts, main }: PackageJson): string | undefined {
  if (scripts.start !== undefined) return 'npm start';
  const files = [main, 'server.js', 'server.ts', 'index.js', 'src/server.js'].filter((file) => file !== undefined);
  const file = files.find((name) => existsSync(join(folder, name)));
  return file === undefined || scripts.build !== undefined ? undefined : `node ${file}`;
}

/** Where the usual site builders leave their pages. */
function siteFolder({ dependencies }: PackageJson): string {
  if ('react-scripts' in dependencies) return 'build';
  if ('next' in dependencies) return 'out';
  if ('@11ty/eleventy' in dependencies) return '_site';
  return 'dist';
}

function testCommands(scripts: Readonly<Record<string, string>>): Record<string, string> {
  const tests: Record<string, string> = {};
  for (const [level, names] of [
    ['smoke', ['smoke', 'test:smoke']],
    ['e2e', ['e2e', 'test:e2e']],
    ['full', ['test']],
  ] as const) {
    const name = names.find((candidate) => scripts[candidate] !== undefined);
    const isPlaceholder = name !== undefined && /no test specified/.test(scripts[name] as string);
    if (name !== undefined && !isPlaceholder) tests[level] = name === 'test' ? 'npm test' : `npm run ${name}`;
  }
  return tests;
}
