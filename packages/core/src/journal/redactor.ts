import type { Redactor } from './journal.ts';
import { variantsOf } from './secret-variants.ts';

export interface Secret {
  name: string;
  value: string;
}

/** A redactor that can be told of secrets that become known later. */
export interface GrowingRedactor extends Redactor {
  /** From now on, `value` is taken out too. Safe to repeat. An empty value is ignored. */
  add(name: string, value: string): void;
}

/** A number with fewer digits is more likely a number than a secret. */
const SHORTEST_NUMBER = 6;

/** References hold names, not values. */
const REFERENCE = '\\$\\{(?:env|secret|resource|service):[\\w.~-]+\\}';
const REFERENCE_HEAD = '${secret:';

/** Marks a form that is not the value itself, so that nobody takes it for the value when it is read back. */
const ENCODED = '~encoded';
const ENCODED_SECRET = /\$\{secret:[\w.-]+~encoded\}/;

/** True for a text in which a redactor found a secret in another form than the secret's own. */
export function holdsEncodedSecret(text: string): boolean {
  return ENCODED_SECRET.test(text);
}

/**
 * Makes a redactor: each value becomes `${secret:NAME}`, and the forms in which programs print it (escaped in
 * JSON, encoded for a URL, base64, hex, each longer line of a text of several lines) `${secret:NAME~encoded}`, which
 * can't be turned back into what was there. Where several
 * match the longest wins. What already is a reference stays, so redacting twice is the same as once. A
 * number of six digits or more that is exactly a secret becomes its reference too.
 */
export function createRedactor(secrets: Iterable<Secret>): GrowingRedactor {
  const redactor = new PatternRedactor();
  for (const { name, value } of secrets) redactor.add(name, value);
  return redactor;
}

class PatternRedactor implements GrowingRedactor {
  /** From each text that must not be written to the name of its secret. */
  readonly #names = new Map<string, string>();
  /** Undefined until it is needed after a change. */
  #pattern: RegExp | undefined;

  add(name: string, value: string): void {
    if (value === '') return;
    for (const variant of variantsOf(value)) {
      if (!this.#names.has(variant)) this.#names.set(variant, variant === value ? name : `${name}${ENCODED}`);
    }
    this.#pattern = undefined;
  }

  text(text: string): string {
    if (this.#names.size === 0) return text;
    this.#pattern ??= compile(this.#names);
    // A reference is matched only to step over it.
    return text.replace(this.#pattern, (match, ours?: string, others?: string) =>
      ours === undefined && others === undefined ? reference(this.#names.get(match) ?? 'unknown') : match,
    );
  }

  value<T>(value: T): T {
    return this.#names.size === 0 ? value : (this.#redact(value) as T);
  }

  #redact(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') {
      const digits = String(value);
      const name = digits.length < SHORTEST_NUMBER ? undefined : this.#names.get(digits);
      return name === undefined ? value : reference(name);
    }
    if (value === null || typeof value !== 'object') return value;
    return Array.isArray(value) ? this.#redactArray(value) : this.#redactObject(value as Record<string, unknown>);
  }

  #redactArray(array: readonly unknown[]): readonly unknown[] {
    const redacted = array.map((item) => this.#redact(item));
    return redacted.every((item, index) => item === array[index]) ? array : redacted;
  }

  #redactObject(object: Record<string, unknown>): Record<string, unknown> {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(object)) {
      const redacted = this.#redact(object[key]);
      if (redacted === object[key]) continue;
      copy ??= { ...object };
      // Not by assignment, which would take `__proto__` for the prototype.
      Object.defineProperty(copy, key, { value: redacted, enumerable: true, writable: true, configurable: true });
    }
    return copy ?? object;
  }
}

function reference(name: string): string {
  return `${REFERENCE_HEAD}${name}}`;
}

/**
 * One pattern for all. References to these secrets come first, other references after the variants that
 * themselves contain `${`, and the longer variant before the shorter.
 */
function compile(names: ReadonlyMap<string, string>): RegExp {
  const known = [...new Set(names.values())].map((name) => escapePattern(name)).join('|');
  const variants = [...names.keys()].sort((a, b) => b.length - a.length);
  const ours = `(${escapePattern(REFERENCE_HEAD)}(?:${known})\\})`;
  const withHead = variants.filter((variant) => variant.includes('${')).map((variant) => guard(variant, known));
  const plain = variants.filter((variant) => !variant.includes('${')).map((variant) => guard(variant, known));
  return new RegExp([ours, ...withHead, `(${REFERENCE})`, ...plain].join('|'), 'g');
}

/** A variant that ends as a reference begins (`pass$`) must not eat the beginning of one that was put in before. */
function guard(variant: string, known: string): string {
  const pattern = escapePattern(variant);
  for (let length = REFERENCE_HEAD.length; length > 0; length -= 1) {
    if (!variant.endsWith(REFERENCE_HEAD.slice(0, length))) continue;
    return `${pattern}(?!${escapePattern(REFERENCE_HEAD.slice(length))}(?:${known})\\})`;
  }
  return pattern;
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
