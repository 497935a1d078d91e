import type { JsonObject, JsonValue } from '../../json.ts';
import { didYouMean } from '../nearest.ts';
import { type Finding, type Path, quote } from '../problem.ts';
import {
  escapeReferences,
  findMalformedReferences,
  findReferences,
  type Reference,
  replaceReferences,
} from '../references.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Resolves `${env:}` and `${var:}`, the references that are settled when a config is loaded, and finds
 * fault with those that name nothing. `requireEnv: false` leaves unset environment variables as written:
 * for checking an environment on another machine than the one that deploys it.
 */
export class Interpolation {
  readonly #env: Variables;
  readonly #requireEnv: boolean;
  readonly #findings: Finding[];
  #declared: ReadonlyMap<string, string> = new Map();

  constructor(env: Variables, requireEnv: boolean, findings: Finding[]) {
    this.#env = env;
    this.#requireEnv = requireEnv;
    this.#findings = findings;
  }

  /** Declared variables as `${var:}` and services see them, the later layers over the earlier ones. */
  declare(layers: readonly { values: JsonValue | undefined; path: Path }[]): Record<string, string> {
    // Known while the layers are read: an environment's variables may be made of the project's.
    const declared = new Map<string, string>();
    this.#declared = declared;
    for (const { values, path } of layers) {
      if (values === null || typeof values !== 'object' || Array.isArray(values)) continue;
      for (const [name, value] of Object.entries(this.apply(values, path))) {
        if (value !== null && typeof value !== 'object') declared.set(name, String(value));
      }
    }
    return Object.fromEntries(declared);
  }

  apply(value: JsonObject, path: Path): JsonObject {
    let faulty = false;
    const replace = (reference: Reference) => {
      const text = this.#valueOf(reference);
      faulty ||= text === undefined && (reference.kind === 'env' || reference.kind === 'var');
      return text;
    };
    const malformed = () => {
      faulty = true;
    };
    const applied = replaceReferences(value, replace, malformed) as JsonObject;
    // Only faults need paths, so only then the value is walked once more with them.
    if (faulty) this.#report(value, path);
    return applied;
  }

  #valueOf(reference: Reference): string | undefined {
    if (reference.kind === 'var') return this.#declared.get(reference.name);
    if (reference.kind !== 'env') return undefined;
    const value = Object.hasOwn(this.#env, reference.name) ? this.#env[reference.name] : undefined;
    // As in a shell, `:-` also stands in for an empty value. What comes from outside is never a reference.
    const text = value || (reference.default ?? value);
    return text === undefined ? undefined : escapeReferences(text);
  }

  #report(value: JsonObject, path: Path): void {
    visitStrings(value, path, (text, place) => {
      for (const { text: written, reason } of findMalformedReferences(text)) {
        this.#findings.push({ path: place, message: `${quote(written)} is no reference`, hint: reason });
      }
      for (const reference of findReferences(text)) {
        if (this.#valueOf(reference) === undefined) this.#reportMissing(reference, place);
      }
    });
  }

  #reportMissing(reference: Reference, path: Path): void {
    const { kind, name } = reference;
    if (kind === 'env' && this.#requireEnv) {
      const hint = `set it, or give a default: \${env:${name}:-…}`;
      this.#findings.push({ path, message: `the environment variable ${name} is not set`, hint });
    } else if (kind === 'var') {
      const hint = didYouMean(name, this.#declared.keys()) ?? 'declare it under variables';
      this.#findings.push({ path, message: `there is no variable ${quote(name)}`, hint });
    }
  }
}

/** Each string of a value that may hold a reference, with its path. */
export function visitStrings(value: JsonValue, path: Path, visit: (text: string, path: Path) => void): void {
  if (typeof value === 'string') {
    if (value.includes('${')) visit(value, path);
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visitStrings(item, [...path, index], visit);
  } else if (value !== null && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) visitStrings(item, [...path, key], visit);
  }
}
