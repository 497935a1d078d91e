import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ComposeService, readCompose } from './compose.ts';
import { readDockerfile } from './dockerfile.ts';
import { configName, type Finding, freePort, type ServiceDraft } from './finding.ts';
import { draftFromPackage, installCommand, type PackageJson, readPackageJson } from './package-json.ts';

/**
 * Looks at a folder for what it could deploy: the services of a compose file, else the npm workspaces, else
 * the package itself, else its Dockerfile's process. Reads files only.
 */
export function lookAround(directory: string): Finding {
  const root = readPackageJson(directory);
  const name = configName(root?.name || basename(directory), 'project');
  const finding: Finding = { name, services: {}, notes: [] };
  addComposeServices(finding, directory);
  if (isEmpty(finding) && root) addWorkspaces(finding, directory, root);
  if (isEmpty(finding)) addFolder(finding, directory, { name, path: '.', from: 'package.json or Dockerfile' });
  return finding;
}

function isEmpty({ services }: Finding): boolean {
  return Object.keys(services).length === 0;
}

function addComposeServices(finding: Finding, directory: string): void {
  const compose = readCompose(directory);
  if (!compose) return;
  for (const service of compose.services) {
    if (service.context === undefined) {
      finding.notes.push(
        `${service.name} of ${compose.file} is the image ${service.image ?? '?'}: the local platform runs commands, so start it beside.`,
      );
    } else addComposeService(finding, directory, service, compose.file);
  }
  for (const service of compose.services) {
    const draft = finding.services[configName(service.name, service.name)];
    const known = service.dependsOn.map((one) => configName(one, one)).filter((one) => finding.services[one]);
    if (draft && known.length > 0) draft.dependsOn = known;
  }
}

function addComposeService(finding: Finding, directory: string, service: ComposeService, file: string): void {
  const path = service.context as string;
  if (path.startsWith('..') || path.startsWith('/')) {
    finding.notes.push(`${service.name} of ${file} is built outside this folder (${path}) and was left out.`);
    return;
  }
  addFolder(finding, directory, {
    name: service.name,
    path,
    from: file,
    port: service.port,
    run: service.command,
    dockerfile: service.dockerfile,
  });
}

function addWorkspaces(finding: Finding, directory: string, root: PackageJson): void {
  const folders = root.workspaces.flatMap((pattern) => globSync(pattern, { cwd: directory })).sort();
  const members = folders.flatMap((path) => {
    const json = readPackageJson(join(directory, path));
    return json ? [{ path: path.replaceAll('\\', '/'), json }] : [];
  });
  const pathOf = new Map(members.map(({ path, json }) => [json.name, path]));
  for (const { path, json } of members) {
    const lock = installCommand(directory);
    const ups = path.split('/').map(() => '..');
    const install = lock === undefined ? undefined : `(cd ${ups.join('/')} && ${lock} -w ${path})`;
    const draft = draftFromPackage(join(directory, path), json, lock === 'npm ci' ? install : undefined);
    if (!draft) continue;
    const inner = Object.keys(json.dependencies).flatMap((dependency) => pathOf.get(dependency) ?? []);
    const files = draft.build?.includes('npm ci') ? ['package.json', 'package-lock.json'] : [];
    const shared = [...files, ...inner];
    addService(finding, json.name || basename(path), {
      path,
      ...draft,
      port: freePort(finding.services),
      ...(shared.length > 0 ? { shared } : {}),
    });
  }
  if (!isEmpty(finding))
    finding.notes.push('The services are the workspaces of package.json that start or build something.');
}

interface FolderFacts {
  name: string;
  path: string;
  /** The file that named it, for the notes. */
  from: string;
  port?: number | undefined;
  run?: string | undefined;
  dockerfile?: string | undefined;
}

/** A folder as one service: by its package.json, else by its Dockerfile. */
function addFolder(finding: Finding, directory: string, { name, path, from, ...facts }: FolderFacts): void {
  const folder = join(directory, path);
  const json = readPackageJson(folder);
  const docker = readDockerfile(folder, facts.dockerfile);
  const draft = json ? draftFromPackage(folder, json, installCommand(folder)) : undefined;
  const run = draft?.static === undefined ? (draft?.run ?? facts.run ?? docker?.run) : undefined;
  if (run === undefined && draft?.static === undefined) {
    if (from !== 'package.json or Dockerfile') {
      finding.notes.push(`Nothing in ${path} says how to start ${name} of ${from}; it was left out.`);
    }
    return;
  }
  const port = freePort(finding.services, facts.port ?? docker?.port);
  const { tests, ...how } = draft ?? {};
  addService(finding, name, { path, ...how, ...(run === undefined ? {} : { run }), port, ...(tests ? { tests } : {}) });
  if (!draft) finding.notes.push(`${name} is started as its Dockerfile does, without its image: ${run}`);
}

function addService(finding: Finding, name: string, draft: ServiceDraft): void {
  finding.services[configName(name, 'service')] = draft;
}
