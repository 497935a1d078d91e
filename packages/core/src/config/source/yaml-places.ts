import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from 'yaml';
import type { Path } from '../problem.ts';
import { type Place, TOP } from './source.ts';

/** Finds the place of a path in a document; remembers the keys of each mapping that it went through. */
export class YamlPlaces {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #keys = new WeakMap<YAMLMap, Map<string, { key: number; value: unknown }>>();

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), depth: 0 };
  }

  locate(path: Path): Place {
    let node = this.#follow(this.#document.contents);
    let offset = 0;
    let depth = 0;
    for (const key of path) {
      if (isMap(node)) {
        const member = this.#membersOf(node).get(String(key));
        if (!member) break;
        offset = member.key;
        node = this.#follow(member.value);
      } else if (isSeq(node) && typeof key === 'number' && key < node.items.length) {
        const item = node.items[key] as Node | null;
        offset = item?.range?.[0] ?? offset;
        node = this.#follow(item);
      } else break;
      depth++;
    }
    return depth === 0 ? TOP : { ...this.at(offset), depth };
  }

  #follow(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #membersOf(map: YAMLMap): Map<string, { key: number; value: unknown }> {
    let members = this.#keys.get(map);
    if (!members) {
      members = new Map();
      for (const { key, value } of map.items) {
        if (isScalar(key)) members.set(String(key.value), { key: key.range?.[0] ?? 0, value });
      }
      this.#keys.set(map, members);
    }
    return members;
  }
}
