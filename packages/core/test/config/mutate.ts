import { parseDocument } from 'yaml';

/** What people, editors and attackers leave in config files. */
const ODD_SCALARS = [
  'null',
  '~',
  'true',
  '-1',
  '0',
  '1e999',
  '.nan',
  '99999999999999999999',
  '""',
  "''",
  '[]',
  '{}',
  '- x',
  '? y',
  '*a',
  '&a b',
  '!x y',
  '${env:X}',
  '${env:}',
  '${env:X:-d}',
  '$${env:X}',
  '${resource:a}',
  '${resource:session-key.path}',
  '${service:backend.url}',
  '${secret:S}',
  '${var:LOG_LEVEL}',
  '${HOME}',
  '${env:X',
  '../..',
  '/',
  '\\',
  '1s',
  '1y',
  '5',
  '1970-01-01',
  '0x10',
  '|',
  '>',
  '"\\u0000"',
  '"\\e[31m"',
  '🚢',
  '\u202e',
  '\ufeff',
  'local:file',
  'locl:file',
  'a:b:c',
  'resource:backend',
  'service:',
  './organisation.yaml',
  './slipway.yaml',
];
const ODD_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '',
  ' ',
  'a b',
  'null',
  '1',
  '<<',
  'helth',
  '$schema',
  'x'.repeat(300),
  '"\\n"',
  '[a]',
  '{}',
];

/** Random numbers that are the same for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** One to three mutations of a YAML text, as bytes: some are no longer text. */
export function mutateText(text: string, chance: Chance): Uint8Array {
  let mutated: Buffer = Buffer.from(text);
  for (let round = chance.below(3); round >= 0; round--) {
    mutated = chance.pick([mutateBytes, mutateLines, mutateKey, mutateValue])(mutated, chance);
  }
  return mutated;
}

/** A text of the same structure with parts removed, replaced, wrapped, moved and repeated: always valid YAML. */
export function mutateStructure(text: string, chance: Chance): unknown {
  const root: unknown = parseDocument(text).toJS();
  for (let round = chance.below(4); round >= 0; round--) mutateMember(root, chance);
  return root;
}

function mutateBytes(bytes: Buffer, chance: Chance): Buffer {
  const at = chance.below(bytes.length + 1);
  const length = 1 + chance.below(8);
  const random = Buffer.from(
    Array.from({ length }, () => (chance.below(3) === 0 ? chance.below(256) : 32 + chance.below(95))),
  );
  const rest = bytes.subarray(chance.below(2) === 0 ? at : Math.min(bytes.length, at + length));
  return chance.below(20) === 0
    ? Buffer.from(bytes.subarray(0, at))
    : Buffer.concat([bytes.subarray(0, at), random, rest]);
}

function mutateLines(bytes: Buffer, chance: Chance): Buffer {
  const lines = bytes.toString('latin1').split('\n');
  const at = chance.below(lines.length);
  const line = lines[at] ?? '';
  const edits: (() => void)[] = [
    () => lines.splice(at, 1 + chance.below(3)),
    () => lines.splice(at, 0, line),
    () => lines.splice(chance.below(lines.length), 0, ...lines.splice(at, 1 + chance.below(4))),
    () => lines.splice(at, 1, `  ${line}`),
    () => lines.splice(at, 1, `\t${line}`),
    () => lines.splice(at, 1, line.slice(2)),
    () => lines.splice(at, 1, `${line} ${chance.pick(ODD_SCALARS)}`),
    () =>
      lines.splice(
        at,
        0,
        chance.pick(['---', '...', '%YAML 1.1', '# x', '- x', '}', ']', `a: ${'['.repeat(chance.below(2_000))}`]),
      ),
  ];
  chance.pick(edits)();
  return Buffer.from(lines.join('\n'), 'latin1');
}

function mutateKey(bytes: Buffer, chance: Chance): Buffer {
  const text = bytes.toString('latin1');
  const keys = [...text.matchAll(/[A-Za-z$_-]+(?=:)/g)];
  if (keys.length === 0) return bytes;
  const key = chance.pick(keys);
  const letters = key[0].split('');
  const at = chance.below(letters.length);
  letters.splice(at, chance.below(2), chance.pick(['', 'x', letters[0] ?? '']));
  const name = chance.below(2) === 0 ? chance.pick(ODD_KEYS) : letters.join('');
  return Buffer.from(text.slice(0, key.index) + name + text.slice(key.index + key[0].length), 'latin1');
}

function mutateValue(bytes: Buffer, chance: Chance): Buffer {
  const text = bytes.toString('utf8');
  const values = [...text.matchAll(/(?<=: )[^\s,{}[\]][^\n,{}[\]]*/g)];
  if (values.length === 0) return bytes;
  const value = chance.pick(values);
  return Buffer.from(text.slice(0, value.index) + chance.pick(ODD_SCALARS) + text.slice(value.index + value[0].length));
}

function mutateMember(root: unknown, chance: Chance): void {
  const holders: Record<string, unknown>[] = [];
  collect(root, holders);
  if (holders.length === 0) return;
  const holder = chance.pick(holders);
  const keys = Object.keys(holder);
  const key = keys.length === 0 ? 'x' : chance.pick(keys);
  const edits: (() => void)[] = [
    () => delete holder[key],
    () => (holder[key] = oddValue(chance)),
    () => (holder[key] = [holder[key]]),
    () => (holder[key] = { [chance.pick(ODD_KEYS.slice(1))]: holder[key] }),
    () => (holder[key] = structuredClone(chance.pick(holders))),
    () => Object.assign(holder, structuredClone(chance.pick(holders))),
    () => (holder[chance.pick(ODD_KEYS.slice(1))] = structuredClone(holder[key])),
  ];
  chance.pick(edits)();
}

function oddValue(chance: Chance): unknown {
  return chance.pick<unknown>([null, true, 0, -1, 1.5, 1e300, '', [], {}, [[]], { a: {} }, chance.pick(ODD_SCALARS)]);
}

function collect(value: unknown, holders: Record<string, unknown>[]): void {
  if (value === null || typeof value !== 'object') return;
  holders.push(value as Record<string, unknown>);
  for (const member of Object.values(value)) collect(member, holders);
}
