import { type Address, isAddress, nameOf, resourceAddress, serviceAddress } from '../address.ts';
import type { Project } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import { Graph } from '../graph/graph.ts';
import { servicesTouchedBy } from '../release/release-parts.ts';
import type { State } from '../state/record.ts';

/** What a person narrowed the plan down to. Everything when nothing is given; several criteria must all hold. */
export interface SelectionRequest {
  only?: readonly string[] | undefined;
  tags?: Readonly<Record<string, string>> | undefined;
  /** Paths that changed since a git revision, relative to the project. */
  changedPaths?: readonly string[] | undefined;
}

/** Says for each address whether the plan may touch it. */
export type Selected = (address: Address) => boolean;

/**
 * Which nodes, declared or recorded, a plan may touch. Throws `selection-unknown` for a name that neither
 * the config nor the state has, and for a tag that nothing has.
 */
export function select(
  request: SelectionRequest,
  project: Pick<Project, 'resources' | 'services' | 'moved'>,
  state: State,
): Selected {
  const criteria: Selected[] = [];
  if (request.only && request.only.length > 0) criteria.push(byName(request.only, project, state));
  if (request.tags && Object.keys(request.tags).length > 0) criteria.push(byTags(request.tags, project, state));
  if (request.changedPaths) criteria.push(byChange(request.changedPaths, project));
  return (address) => criteria.every((holds) => holds(base(address)));
}

/** A replaced resource's remainder goes with its successor. */
function base(address: Address): Address {
  const tilde = address.indexOf('~');
  return tilde < 0 ? address : (address.slice(0, tilde) as Address);
}

function byName(
  names: readonly string[],
  project: Pick<Project, 'resources' | 'services' | 'moved'>,
  state: State,
): Selected {
  const known = new Set<Address>([...project.resources, ...project.services].map((node) => node.address));
  for (const address of state.keys()) known.add(base(address));
  for (const move of project.moved) known.add(move.to);
  const chosen = new Set<Address>();
  for (const name of names) {
    const candidates = isAddress(name) ? [name] : [resourceAddress(name), serviceAddress(name)];
    const found = candidates.filter((address) => known.has(address));
    if (found.length === 0) {
      throw new SlipwayError(
        'selection-unknown',
        `Nothing is called ${name}, neither in the config nor in the recorded state.`,
        {
          subject: name,
          hint: `There are: ${[...known].map(nameOf).sort().slice(0, 20).join(', ') || 'no resources or services'}.`,
        },
      );
    }
    for (const address of found) chosen.add(address);
  }
  return (address) => chosen.has(address);
}

function byTags(
  tags: Readonly<Record<string, string>>,
  project: Pick<Project, 'resources' | 'services' | 'moved'>,
  state: State,
): Selected {
  const tagsOf = new Map<Address, Record<string, string>>();
  for (const [address, record] of state) tagsOf.set(address, record.tags);
  for (const node of [...project.resources, ...project.services]) tagsOf.set(node.address, node.tags);
  for (const [name, value] of Object.entries(tags)) refuseUnknownTag(name, value, [...tagsOf.values()]);
  return (address) => {
    const own = tagsOf.get(address) ?? {};
    return Object.entries(tags).every(([name, value]) => own[name] === value);
  };
}

/** A mistyped tag selects nothing, which looks like nothing to do. */
function refuseUnknownTag(name: string, value: string, all: readonly Record<string, string>[]): void {
  if (all.some((own) => own[name] === value)) return;
  const known = [...new Set(all.flatMap((own) => Object.entries(own).map(([key, held]) => `${key}=${held}`)))].sort();
  throw new SlipwayError('selection-unknown', `Nothing has the tag ${name}=${value}, neither declared nor recorded.`, {
    subject: `${name}=${value}`,
    hint: known.length === 0 ? 'Nothing has any tag.' : `There are: ${known.slice(0, 20).join(', ')}.`,
  });
}

/** Services with a changed file, and everything that depends on them. */
function byChange(changed: readonly string[], project: Pick<Project, 'resources' | 'services'>): Selected {
  const graph = new Graph<null>();
  const nodes = [...project.resources, ...project.services];
  for (const node of nodes) graph.add(node.address, null);
  for (const node of nodes)
    for (const need of node.dependsOn) if (graph.has(need)) graph.addDependency(node.address, need);
  const affected = new Set<string>();
  for (const service of servicesTouchedBy(changed, project.services)) {
    affected.add(service.address);
    for (const dependent of graph.transitiveDependents(service.address)) affected.add(dependent);
  }
  return (address) => affected.has(address);
}
