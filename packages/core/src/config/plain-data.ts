import type { JsonObject, JsonValue } from '../json.ts';
import { type Finding, type Path, quote } from './problem.ts';

const DEEPEST = 100;
const MOST_VALUES = 5_000_000;

/**
 * What a config file gave, as plain JSON: `undefined` members vanish, and what JSON can't hold (functions,
 * class instances, cycles, NaN) is left out and added to the findings. So is `__proto__`. Bounded in depth
 * and in size, so that aliases and shared objects can't multiply without end.
 */
export function plainData(value: unknown): { value: JsonValue | undefined; findings: Finding[] } {
  const walk = new PlainDataWalk();
  return { value: walk.take(value), findings: walk.findings };
}

class PlainDataWalk {
  readonly findings: Finding[] = [];
  readonly #path: (string | number)[] = [];
  /** What is being taken right now, outermost first: short, so a list is faster than a set. */
  readonly #open: object[] = [];
  #visited = 0;

  take(value: unknown): JsonValue | undefined {
    this.#visited++;
    if (this.#visited > MOST_VALUES) {
      if (this.#visited === MOST_VALUES + 1) this.#refuse(`holds more than ${MOST_VALUES} values`);
      return undefined;
    }
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') return Number.isFinite(value) ? value : this.#refuse('must be a finite number');
    if (value === undefined) return undefined;
    if (typeof value !== 'object') return this.#refuse(`must be plain data, not a ${typeof value}`);
    if (this.#open.includes(value)) return this.#refuse('contains itself');
    if (this.#path.length >= DEEPEST) return this.#refuse(`is nested deeper than ${DEEPEST} levels`);
    this.#open.push(value);
    const taken = Array.isArray(value) ? this.#takeList(value) : this.#takeObject(value);
    this.#open.pop();
    return taken;
  }

  #takeList(list: readonly unknown[]): JsonValue {
    const items: JsonValue[] = [];
    for (let index = 0; index < list.length; index++) {
      this.#path.push(index);
      const item = this.take(list[index]);
      if (item !== undefined) items.push(item);
      else if (list[index] === undefined) this.#refuse('must not be undefined');
      this.#path.pop();
      if (this.#visited > MOST_VALUES) break;
    }
    return items;
  }

  #takeObject(object: object): JsonValue | undefined {
    const prototype: unknown = Object.getPrototypeOf(object);
    // A module of another realm has another Object: what counts is that nothing is inherited.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      return this.#refuse(`must be plain data, not ${describeInstance(object)}`);
    }
    const members: JsonObject = {};
    for (const key of Object.keys(object)) {
      this.#path.push(key);
      if (key === '__proto__') {
        this.#refuse(`${quote(key)} can not be a key`);
      } else {
        const member = this.take((object as Record<string, unknown>)[key]);
        if (member !== undefined) members[key] = member;
      }
      this.#path.pop();
      if (this.#visited > MOST_VALUES) break;
    }
    return members;
  }

  #refuse(message: string): undefined {
    const path: Path = [...this.#path];
    this.findings.push({ path, message });
    return undefined;
  }
}

function describeInstance(object: object): string {
  const name: unknown = (object.constructor as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${quote(name)}` : 'an object with a prototype';
}
