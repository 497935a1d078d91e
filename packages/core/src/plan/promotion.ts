import type { Address } from '../address.ts';
import type { Project } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { SourceFile, SourceTree } from '../release/source-tree.ts';
import type { Release } from '../state/record.ts';
import type { PlanOrigin } from './plan.ts';
import type { Selected } from './selection.ts';

const MOST_NAMES = 10;

/** What another environment has recorded and is to run here too: input of the planner, which looks nothing up itself. */
export interface Promotion {
  /** The environment that the releases come from. */
  from: string;
  /** Its newest deployment that completed. */
  deployment: string;
  /** That deployment's label. */
  version: string;
  /** What is active there, by service. */
  releases: ReadonlyMap<Address, PromotedRelease>;
  /** The files that dependents rely on, as they were released, by service. */
  contracts: ReadonlyMap<Address, readonly SourceFile[]>;
}

export interface PromotedRelease {
  release: Release;
  /** Where the service lies in its artifact. */
  path: string;
  /** What built the artifact. */
  build?: string;
  /** A deployment that included the service completed there with exactly this release. */
  passed: boolean;
}

/** The project with each service's source as it was released: where it lies and how it was built. */
export function asReleased(project: Project, { releases }: Promotion): Project {
  const services = project.services.map((service) => {
    const promoted = releases.get(service.address);
    if (!promoted) return service;
    const { build: _, ...spec } = service.spec;
    const { path, build } = promoted;
    return { ...service, spec: { ...spec, path, ...(build === undefined ? {} : { build }) } };
  });
  return { ...project, services };
}

/** What the contract files of a service are read from. */
export function contractSource({ contracts }: Promotion, address: Address): SourceTree {
  return { version: undefined, files: contracts.get(address) ?? [] };
}

/** What a plan says about where its releases come from. */
export function originOf({ from, deployment, releases }: Promotion, project: Project, selected: Selected): PlanOrigin {
  const versions: Record<string, string> = {};
  for (const { address, name } of project.services) {
    if (selected(address)) versions[name] = releases.get(address)!.release.version;
  }
  return { environment: from, deployment, versions };
}

/**
 * Makes sure that each selected service has a release there that a completed deployment brought out. Throws
 * `promotion-refused`, naming all those that haven't.
 */
export function refuseUnreleased(promotion: Promotion, project: Project, selected: Selected): void {
  const { from, releases } = promotion;
  const wanted = project.services.map(({ address }) => address).filter((address) => selected(address));
  const absent = wanted.filter((address) => !releases.has(address));
  const unproven = wanted.filter((address) => releases.get(address)?.passed === false);
  const offending = new Set([...absent, ...unproven]);
  const [first] = offending;
  if (first === undefined) return;
  const problems = [
    ...(absent.length === 0 ? [] : [`${from} runs no ${listed(absent)}.`]),
    ...unproven.map((address) => {
      const { version } = releases.get(address)!.release;
      return `No deployment to ${from} that included ${address} completed with what runs there (version ${version}).`;
    }),
  ];
  const rest = [...project.resources, ...project.services].filter((node) => {
    return selected(node.address) && !offending.has(node.address);
  });
  const names = rest.length > MOST_NAMES ? 'NAME,NAME' : rest.map(({ name }) => name).join(',');
  const out = rest.length === 0 ? '' : ` Or leave it out: --only ${names}.`;
  throw new SlipwayError('promotion-refused', problems.join(' '), {
    subject: first,
    hint: `${absent.length > 0 ? `Deploy it there first: slipway deploy -e ${from}.` : `It counts when a deployment to ${from} that includes it has completed.`}${out}`,
    details: { absent, unproven },
  });
}

function listed(addresses: readonly Address[]): string {
  const more = addresses.length > MOST_NAMES ? ` and ${addresses.length - MOST_NAMES} more` : '';
  return `${addresses.slice(0, MOST_NAMES).join(', ')}${more}`;
}
