import type { YAMLMap } from 'yaml';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { isObject } from '../merge.ts';
import { plainData } from '../plain-data.ts';
import type { Path } from '../problem.ts';
import { type Place, type Source, type SyntaxFault, TOP, unreadable } from './source.ts';

/** More than these follow from the first ones. */
const MOST_FAULTS = 5;
const MOST_ALIASES = 100;
const TOO_DEEP: SyntaxFault = { ...TOP, message: 'is nested too deeply' };

/** Reads YAML 1.2 (and JSON, which is part of it), with anchors and `<<` merge keys. */
export function readYaml(file: string, text: string): Source {
  const lines = new LineCounter();
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, stringKeys: true });
  } catch (error) {
    if (error instanceof RangeError) return unreadable(file, TOO_DEEP);
    throw error;
  }
  const places = new YamlPlaces(document, lines);
  const faults = findFaults(document, text, places);
  const source = { file, faults, findings: [], locate: (path: Path) => places.locate(path) };
  // A key that stands twice spoils nothing else: checking goes on with the last one.
  const isReadable = document.errors.every((error) => error.code === 'DUPLICATE_KEY') && document.warnings.length === 0;
  if (!isReadable || faults.length > document.errors.length) return { ...source, value: undefined };
  return { ...source, ...readValue(document, faults) };
}

function readValue(document: Document.Parsed, faults: SyntaxFault[]): Pick<Source, 'value' | 'findings'> {
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    // Unresolved aliases were found before: what is left is an alias bomb, or `<<` with nothing to merge.
    const isBomb = error instanceof ReferenceError;
    faults.push({
      ...TOP,
      message: isBomb ? 'its aliases multiply without bounds' : 'has a << that merges no mapping',
    });
    return { value: undefined, findings: [] };
  }
  const { value, findings } = plainData(raw ?? {});
  if (!isObject(value)) {
    faults.push({ ...TOP, message: 'must be a mapping with the keys of a project' });
    return { value: undefined, findings };
  }
  return { value, findings };
}

function findFaults(document: Document.Parsed, text: string, places: YamlPlaces): SyntaxFault[] {
  if (document.errors.some((error) => error.code === 'RESOURCE_EXHAUSTION')) return [TOO_DEEP];
  const faults: SyntaxFault[] = [];
  for (const error of [...document.errors, ...document.warnings]) {
    const place = places.at(error.pos[0]);
    // What the parser says of the rest of a line follows from the first fault in it.
    if (faults.length === MOST_FAULTS || faults.at(-1)?.line === place.line) continue;
    const hint = hintFor(error.code, text, error.pos[0]);
    faults.push({
      ...place,
      message: describeFault(error.code, error.message),
      ...(hint ? { hint } : {}),
    });
  }
  if (document.errors.length > 0) return faults;
  const anchors = new Set<string>();
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        if (!anchors.has(node.source)) {
          faults.push({
            ...places.at(node.range?.[0] ?? 0),
            message: `there is no anchor &${node.source} before this`,
          });
        }
      } else if ('anchor' in node && node.anchor) anchors.add(node.anchor);
    },
  });
  return faults;
}

function describeFault(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key stands here twice';
  if (code === 'TAB_AS_INDENT') return 'a tab can not indent; use spaces';
  if (code === 'MULTIPLE_DOCS') return 'holds more than one YAML document';
  if (code === 'NON_STRING_KEY') return 'keys must be text';
  const line = (message.split('\n', 1)[0] ?? message).replace('"quote', 'quote');
  return `is not valid YAML: ${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}

function hintFor(code: string, text: string, offset: number): string | undefined {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset + 2);
  return code === 'UNEXPECTED_TOKEN' && /[{[,].*\$\{/.test(line)
    ? 'inside { } and [ ], put a value with "${…}" in quotes'
    : undefined;
}

/** Finds the place of a path in a document; remembers the keys of each mapping that it went through. */
class YamlPlaces {
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
