import { type Address, resourceAddress, serviceAddress } from '../../address.ts';
import type { JsonValue } from '../../json.ts';
import { didYouMean } from '../nearest.ts';
import { type Finding, type Path, quote } from '../problem.ts';
import { findReferences } from '../references.ts';
import { visitStrings } from './interpolation.ts';
import type { Nodes } from './nodes.ts';

/** Comparing names for hints stops here: thousands of unknown names among thousands are no typos. */
const MOST_COMPARISONS = 1_000_000;

/** Knows the nodes of an environment, and finds out on which of them a node depends. */
export class NodeNames {
  readonly #nodes: Nodes;
  readonly #environment: string;
  #comparisons = 0;

  constructor(nodes: Nodes, environment: string) {
    this.#nodes = nodes;
    this.#environment = environment;
  }

  has(address: Address): boolean {
    const name = address.slice(address.indexOf(':') + 1);
    return address.startsWith('resource:') ? this.#nodes.resources.has(name) : this.#nodes.services.has(name);
  }

  /** Declared dependencies and those from references in `value`: sorted, each once. Unknown ones become findings. */
  dependencies(
    declared: readonly string[],
    value: { content: JsonValue; at: (path: Path) => Path },
    path: Path,
    findings: Finding[],
  ): Address[] {
    const found = new Set<Address>();
    for (const [index, entry] of declared.entries()) {
      const address = this.#resolve(entry, [...path, 'dependsOn', index], findings);
      if (address) found.add(address);
    }
    let unknown = false;
    for (const { kind, name } of findReferences(value.content)) {
      if (kind !== 'resource' && kind !== 'service') continue;
      const address: Address = `${kind}:${name}`;
      if (this.has(address)) found.add(address);
      else unknown = true;
    }
    if (unknown) this.#reportReferences(value, findings);
    return [...found].sort();
  }

  #resolve(entry: string, path: Path, findings: Finding[]): Address | undefined {
    const [, kind, named] = /^(resource|service):(.*)$/s.exec(entry) ?? [];
    if (kind && named !== undefined) {
      const address = `${kind}:${named}` as Address;
      if (this.has(address)) return address;
      findings.push(this.#unknown(kind as 'resource' | 'service', named, path));
      return undefined;
    }
    const addresses = [resourceAddress(entry), serviceAddress(entry)].filter((address) => this.has(address));
    if (addresses.length === 2) {
      const hint = `write ${addresses.join(' or ')}`;
      findings.push({ path, message: `${quote(entry)} is a resource and a service`, hint });
    } else if (addresses.length === 0) findings.push(this.#unknown('resource or service', entry, path));
    return addresses.length === 1 ? addresses[0] : undefined;
  }

  #reportReferences(value: { content: JsonValue; at: (path: Path) => Path }, findings: Finding[]): void {
    visitStrings(value.content, [], (text, place) => {
      for (const { kind, name } of findReferences(text)) {
        if ((kind === 'resource' || kind === 'service') && !this.has(`${kind}:${name}`)) {
          findings.push(this.#unknown(kind, name, value.at(place)));
        }
      }
    });
  }

  #unknown(kind: 'resource' | 'service' | 'resource or service', name: string, path: Path): Finding {
    const hint = this.#hint(kind, name);
    return { path, message: `there is no ${kind} ${quote(name)}`, ...(hint ? { hint } : {}) };
  }

  #hint(kind: string, name: string): string | undefined {
    const { resources, services, removed } = this.#nodes;
    const isRemoved = [resourceAddress(name), serviceAddress(name)].some((address) => removed.has(address));
    if (isRemoved) return `environment ${quote(this.#environment)} removes it`;
    const candidates = [
      ...(kind.includes('resource') ? resources.keys() : []),
      ...(kind.includes('service') ? services.keys() : []),
    ];
    this.#comparisons += candidates.length;
    return this.#comparisons > MOST_COMPARISONS ? undefined : didYouMean(name, candidates);
  }
}
