import { type Document, isAlias, isCollection, isMap, isPair, isScalar, type Node } from 'yaml';
import { type SyntaxFault, TOP } from './source.ts';
import type { YamlPlaces } from './yaml-places.ts';

/** More than these follow from the first ones. */
const MOST_FAULTS = 5;
export const TOO_DEEP: SyntaxFault = { ...TOP, message: 'is nested too deeply' };

/** What the parser found fault with. */
export function syntaxFaults(document: Document.Parsed, text: string, places: YamlPlaces): SyntaxFault[] {
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
  return faults;
}

/**
 * What is well-formed and still wrong: `unresolved` aliases name no anchor before them, `duplicates` are
 * keys that stand twice. The parser's own check for those takes the square of the number of keys.
 */
export function documentFaults(document: Document.Parsed, places: YamlPlaces) {
  const unresolved: SyntaxFault[] = [];
  const duplicates: SyntaxFault[] = [];
  const anchors = new Set<string>();
  const placeOf = (node: Node) => places.at(node.range?.[0] ?? 0);
  const walk = (node: unknown): void => {
    if (isAlias(node)) {
      const message = `there is no anchor &${node.source} before this`;
      if (!anchors.has(node.source)) unresolved.push({ ...placeOf(node), message });
      return;
    }
    if ((isCollection(node) || isScalar(node)) && node.anchor) anchors.add(node.anchor);
    if (!isCollection(node)) return;
    const keys = new Set<unknown>();
    for (const item of node.items) {
      if (!isPair(item)) {
        walk(item);
        continue;
      }
      const key = isMap(node) && isScalar(item.key) ? item.key : undefined;
      if (key && keys.has(key.value)) duplicates.push({ ...placeOf(key), message: 'this key stands here twice' });
      keys.add(key?.value);
      walk(item.key);
      walk(item.value);
    }
  };
  walk(document.contents);
  return { unresolved, duplicates };
}

function describeFault(code: string, message: string): string {
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
