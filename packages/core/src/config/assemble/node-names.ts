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
      if (this.#has(kind, name)) found.add(`${kind}:${name}`);
      else unknown = true;
    }
    if (unknown) this.#reportReferences(value, findings);
    return [...found].sort();
  }

  #has(kind: 'resource' | 'service', name: string): boolean {
    return (kind === 'resource' ? this.#nodes.resources : this.#nodes.services).has(name);
  }

  #resolve(entry: string, path: Path, findings: Finding[]): Address | undefined {
    const kind = entry.startsWith('resource:') ? 'resource' : entry.startsWith('service:') ? 'service' : undefined;
    if (kind) {
      const named = entry.slice(kind.length + 1);
      if (this.#has(kind, named)) return `${kind}:${named}`;
      findings.push(this.#unknown(kind, named, path));
      return undefined;
    }
    const isResource = this.#has('resource', entry);
    const isService = this.#has('service', entry);
    if (isResource !== isService) return isResource ? resourceAddress(entry) : serviceAddress(entry);
    if (isResource) {
      const hint = `write ${resourceAddress(entry)} or ${serviceAddress(entry)}`;
      findings.push({ path, message: `${quote(entry)} is a resource and a service`, hint });
    } else findings.push(this.#unknown('resource or service', entry, path));
    return undefined;
  }

  #reportReferences(value: { content: JsonValue; at: (path: Path) => Path }, findings: Finding[]): void {
    visitStrings(value.content, [], (text, place) => {
      for (const { kind, name } of findReferences(text)) {
        if ((kind === 'resource' || kind === 'service') && !this.#has(kind, name)) {
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
