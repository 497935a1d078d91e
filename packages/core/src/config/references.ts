import type { JsonObject, JsonValue } from '../json.ts';

export type ReferenceKind = 'env' | 'var' | 'secret' | 'resource' | 'service';

/** What a `${kind:…}` in a string names. */
export interface Reference {
  readonly kind: ReferenceKind;
  /** A variable, a secret, or a node of the graph. */
  readonly name: string;
  /** For `resource` and `service`: the output, dotted when it lies deeper: `endpoint.port`. */
  readonly output?: string;
  /** For `env`: what follows `:-`. */
  readonly default?: string;
}

/** A `${kind:…}` that names nothing: as written, and why. */
export interface MalformedReference {
  readonly text: string;
  readonly reason: string;
}

// `$` before it makes it literal. Anything else in `${}`, such as `${HOME}`, is not ours and stays.
const REFERENCE = /(\$?)\$\{(env|var|secret|resource|service):([^}]*)(\}?)/g;
const ENV = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const OUTPUT = /^([A-Za-z0-9][A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)$/;

/** Every reference in a value's strings, deeply, in order, repetitions included. Keys are not looked at. */
export function findReferences(value: JsonValue): Reference[] {
  const found: Reference[] = [];
  visitStrings(value, (text) => {
    for (const { reference } of marksIn(text)) if (reference) found.push(reference);
  });
  return found;
}

/** Every `${env:`, `${var:`, … in a value's strings that is none, deeply. */
export function findMalformedReferences(value: JsonValue): MalformedReference[] {
  const found: MalformedReference[] = [];
  visitStrings(value, (text) => {
    for (const { malformed } of marksIn(text)) if (malformed) found.push(malformed);
  });
  return found;
}

/**
 * Puts values in the place of references, deeply. `replace` returns undefined for what is to stay as
 * written. A string that is exactly one reference becomes the value itself (a number stays a number, an
 * object an object); inside a longer string it becomes text, objects and lists as JSON. Returns the same
 * object, and the same parts, where nothing changed. Inserted values are not searched again. `malformed`
 * is told of what looks like a reference and is none; it stays as written.
 *
 * Escapes (`$${env:X}`) are left: see {@link unescapeReferences}.
 */
export function replaceReferences(
  value: JsonValue,
  replace: (reference: Reference) => JsonValue | undefined,
  malformed?: (reference: MalformedReference) => void,
): JsonValue {
  return mapStrings(value, (text) => {
    let replaced = '';
    let end = 0;
    for (const mark of marksIn(text)) {
      if (mark.malformed) malformed?.(mark.malformed);
      const found = mark.reference && replace(mark.reference);
      if (found === undefined) continue;
      if (mark.written.length === text.length) return found;
      replaced += text.slice(end, mark.at) + (typeof found === 'string' ? found : JSON.stringify(found));
      end = mark.at + mark.written.length;
    }
    return end === 0 ? text : replaced + text.slice(end);
  });
}

/**
 * `$${env:X}` becomes a literal `${env:X}`, deeply. To be called once, where a value leaves Slipway and
 * nobody resolves references in it any more: for a resource's properties and a service's `env` that is
 * the provider call, for everything else it is loading. What is recorded or planned stays escaped, so
 * that a record that is applied again, by a rollback for example, means the same again.
 */
export function unescapeReferences(value: string): string;
export function unescapeReferences(value: JsonObject): JsonObject;
export function unescapeReferences(value: JsonValue): JsonValue;
export function unescapeReferences(value: JsonValue): JsonValue {
  return mapStrings(value, (text) =>
    text.replace(REFERENCE, (written, escaped: string) => (escaped ? written.slice(1) : written)),
  );
}

/**
 * The inverse of {@link unescapeReferences}: for values from outside (a variable, a resource's output)
 * that are put in place of a reference where references are resolved again later, so that a text that
 * only looks like `${secret:X}` never becomes one.
 */
export function escapeReferences(value: string): string;
export function escapeReferences(value: JsonObject): JsonObject;
export function escapeReferences(value: JsonValue): JsonValue;
export function escapeReferences(value: JsonValue): JsonValue {
  return mapStrings(value, (text) => text.replace(/\$\{(?=(?:env|var|secret|resource|service):)/g, '$$${'));
}

/** Something in a text that looks like a reference: it is one, or it is malformed. */
interface Mark {
  /** Where in the text. */
  at: number;
  written: string;
  reference?: Reference;
  malformed?: MalformedReference;
}

/**
 * What was found in texts: loading and planning look into the same ones some six times. Emptied when it is full,
 * so that a process that lives long doesn't keep every text it saw.
 */
const marks = new Map<string, readonly Mark[]>();
const MOST_MARKED = 20_000;

function marksIn(text: string): readonly Mark[] {
  const known = marks.get(text);
  if (known) return known;
  const found: Mark[] = [];
  for (const match of text.matchAll(REFERENCE)) {
    const [written, escaped, kind, body, end] = match;
    if (escaped) continue;
    const parsed = parse(kind as ReferenceKind, body!, end!);
    const at = match.index;
    if ('kind' in parsed) found.push({ at, written, reference: parsed });
    else found.push({ at, written, malformed: { text: written, reason: parsed.reason } });
  }
  if (marks.size >= MOST_MARKED) marks.clear();
  marks.set(text, found);
  return found;
}

function parse(kind: ReferenceKind, body: string, end: string): Reference | { reason: string } {
  if (end === '') return { reason: 'the closing } is missing' };
  if (body.includes('${')) return { reason: 'references can not be nested' };
  if (kind === 'env') {
    const match = ENV.exec(body);
    if (!match) return { reason: 'write ${env:NAME} or ${env:NAME:-default}' };
    return { kind, name: match[1]!, ...(match[2] === undefined ? {} : { default: match[2] }) };
  }
  if (kind === 'var' || kind === 'secret') {
    return NAME.test(body) ? { kind, name: body } : { reason: `write \${${kind}:NAME}` };
  }
  const match = OUTPUT.exec(body);
  return match ? { kind, name: match[1]!, output: match[2]! } : { reason: `write \${${kind}:NAME.OUTPUT}` };
}

function visitStrings(value: JsonValue, visit: (text: string) => void): void {
  if (typeof value === 'string') {
    if (value.includes('${')) visit(value);
  } else if (Array.isArray(value)) {
    for (const item of value) visitStrings(item, visit);
  } else if (value !== null && typeof value === 'object') {
    for (const key of Object.keys(value)) visitStrings(value[key]!, visit);
  }
}

/** Copies only what changes: most of a big config holds no `${` at all. */
function mapStrings(value: JsonValue, map: (text: string) => JsonValue): JsonValue {
  if (typeof value === 'string') return value.includes('${') ? map(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    let list: JsonValue[] | undefined;
    for (const [index, item] of value.entries()) {
      const mapped = mapStrings(item, map);
      if (mapped === item) continue;
      list ??= [...value];
      list[index] = mapped;
    }
    return list ?? value;
  }
  let object: JsonObject | undefined;
  for (const key of Object.keys(value)) {
    const item = value[key]!;
    const mapped = mapStrings(item, map);
    if (mapped === item) continue;
    object ??= { ...value };
    object[key] = mapped;
  }
  return object ?? value;
}
