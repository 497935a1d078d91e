import type { ServiceDeclaration, ServiceSpec } from '../config/project.ts';
import { digestOf } from '../json.ts';
import type { SecretHashes } from '../state/record.ts';
import { digestOfFiles, filesUnder, isUnder, type SourceTree } from './source-tree.ts';

/** Digests of what a release is made of, by part: `source`, `build`, `config`, `contract:NAME`. */
export type ReleaseParts = Record<string, string>;

/** The parts that decide what is built. */
export function buildParts(tree: SourceTree, { spec, shared }: ServiceDeclaration): ReleaseParts {
  return { source: sourceDigest(tree, spec.path, shared), build: digestOf(spec.build ?? null) };
}

/** What is built: equal source and build command give one artifact, whatever the configuration. */
export function buildFingerprint(parts: ReleaseParts): string {
  return digestOf([parts.source, parts.build]);
}

/** What is released: equal parts, equal release. */
export function releaseFingerprint(parts: ReleaseParts): string {
  return digestOf(parts);
}

/** A service's source: its own folder and the shared paths that it declares. */
export function sourceDigest(tree: SourceTree, path: string, shared: readonly string[]): string {
  return digestOfFiles(filesUnder(tree, [path, ...shared]));
}

/**
 * The run-time configuration: what runs, where, with which environment. Health checks, tests, strategy and the number
 * of instances don't count: they decide how a release is brought out, not what it is.
 */
export function configDigest(spec: ServiceSpec, env: Readonly<Record<string, string>>, secrets: SecretHashes): string {
  const { run, port, stopGraceMs, image, dockerfile, containerPort, limits, volumes, affinity } = spec;
  const container = { image, dockerfile, containerPort, limits, volumes, affinity };
  return digestOf({ run, static: spec.static, port, stopGraceMs, env, secrets, ...container });
}

/** What dependents rely on: where the service is reached, and the files declared as its contract. */
export function contractDigest(tree: SourceTree, service: ServiceDeclaration): string {
  const { path, port } = service.spec;
  const files = filesUnder(
    tree,
    service.contract.map((file) => (path === '.' ? file : `${path}/${file}`)),
  );
  return digestOf({ port, files: digestOfFiles(files) });
}

/** Services with a file among `changed`, in their own folder or in a shared path. */
export function servicesTouchedBy(
  changed: readonly string[],
  services: readonly ServiceDeclaration[],
): ServiceDeclaration[] {
  return services.filter((service) => {
    const roots = [service.spec.path, ...service.shared]
      .filter((root) => root !== '')
      .map((root) => root.replace(/^\.\/?/, '').replace(/\/$/, ''));
    return changed.some((path) => roots.some((root) => isUnder(path, root)));
  });
}
