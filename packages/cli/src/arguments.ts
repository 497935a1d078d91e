import { InvalidArgumentError } from 'commander';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `30m`, `1h30m`, `500ms` in milliseconds. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) {
    throw new InvalidArgumentError('Write a number with its unit, such as 90s, 30m or 1h30m.');
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitMs[unit as string] as number), 0);
}

/** `a,b` and repeated options: one list. */
export function collectList(text: string, before: readonly string[] = []): string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new InvalidArgumentError('Name at least one.');
  return [...before, ...items];
}

/** Repeated `key=value` options: one object. */
export function collectPairs(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write it as key=value.');
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  if (Object.hasOwn(before, name) && before[name] !== value) {
    throw new InvalidArgumentError(`${name} is ${before[name]} already, and nothing has two values.`);
  }
  return { ...before, [name]: value };
}

/** Any text but none: a variable of a pipeline that isn't set must not go unnoticed. */
export function parseText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** A whole number of at least 1. */
export function parseCount(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('Write a whole number of at least 1.');
  return number;
}
