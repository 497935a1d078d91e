import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/journal/redactor.ts';
import type { JsonValue } from '../../src/json.ts';

const REFERENCE = /\$\{(?:env|secret|resource|service):[\w.~-]+\}/;

/** The forms that a secret must not be seen in, told without the code under test. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const printed = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
  ];
  // Two or three bytes in hex or base64 could be anything.
  if (bytes.length < 4) return printed;
  return [
    ...printed,
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ];
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(stringsIn) : [];
}

const secretText = fc.oneof(
  fc.string({ minLength: 4, maxLength: 30 }),
  fc.string({ unit: 'binary', minLength: 4, maxLength: 12 }).filter((text) => text.isWellFormed()),
  fc.constantFrom('hunter2!', 'pass$', 'a+b/c=d?e&f', '-----KEY-----\nabcdefghij\nklmnopqrst\n', 'x${secret:A}y', '${'),
);
const secretsOf = fc
  .array(secretText, { minLength: 1, maxLength: 4 })
  .map((values) => values.map((value, index) => ({ name: `S${index}`, value })));

/** JSON in which forms of the secrets appear among other text. */
const documents = secretsOf.chain((secrets) => {
  const forms = secrets.flatMap((secret) => formsOf(secret.value));
  const text = fc
    .array(fc.oneof(fc.constantFrom(...forms), fc.string(), fc.constantFrom('${secret:S0}', '${resource:a.b}', '$')))
    .map((parts) => parts.join(''));
  const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.integer(),
      fc.constant(null),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('json'), { maxKeys: 4 }),
    ),
  }));
  return json.map((document) => ({ secrets, document }));
});

describe('a redactor', () => {
  it('lets no form of a secret through, in any JSON value', () => {
    fc.assert(
      fc.property(documents, ({ secrets, document }) => {
        const pieces = stringsIn(createRedactor(secrets).value(document)).flatMap((text) => text.split(REFERENCE));
        for (const form of secrets.flatMap((secret) => formsOf(secret.value))) {
          if (form.includes('${')) continue;
          for (const piece of pieces) expect(piece.includes(form), `${form} in ${piece}`).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(documents, ({ secrets, document }) => {
        const redactor = createRedactor(secrets);
        const once = redactor.value(document);
        expect(redactor.value(once)).toBe(once);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps text without secrets, and the very object', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        const redactor = createRedactor([{ name: 'A', value: '\u0001 never in this text \u0002' }]);
        expect(redactor.value(document)).toBe(document);
        expect(createRedactor([]).value(document)).toBe(document);
      }),
    );
  });

  it('names the secret', () => {
    const redactor = createRedactor([
      { name: 'DB_PASSWORD', value: 'hunter2!' },
      { name: 'SHORT', value: 'hunter' },
      { name: 'EMPTY', value: '' },
    ]);
    expect(redactor.text('postgres://app:hunter2!@db and hunter')).toBe(
      'postgres://app:${secret:DB_PASSWORD}@db and ${secret:SHORT}',
    );
    expect(redactor.text(`Basic ${Buffer.from('app:hunter2!').toString('base64')}`)).toMatch(
      /^Basic YXBwO.?\$\{secret:DB_PASSWORD~encoded\}.?=*$/,
    );
    expect(redactor.text(`q=${encodeURIComponent('hunter2!')}`)).toBe('q=${secret:DB_PASSWORD}');
  });

  it('leaves references alone, whatever the secret is', () => {
    const redactor = createRedactor([
      { name: 'A', value: 'secret' },
      { name: 'B', value: 'db' },
    ]);
    const text = '${secret:db} ${resource:secret.db} ${env:secret}';
    expect(redactor.text(`${text} secret db`)).toBe(`${text} \${secret:A} \${secret:B}`);
  });

  it('takes out each longer line of a secret of several lines, and leaves the short ones', () => {
    const redactor = createRedactor([{ name: 'KEY', value: '{\n  first-line-of-it\r\n  second-line-of-it\n}' }]);
    expect(redactor.text('log: first-line-of-it {')).toBe('log: ${secret:KEY~encoded} {');
    expect(redactor.text('log: second-line-of-it }')).toBe('log: ${secret:KEY~encoded} }');
  });

  it('takes out numbers that are a secret, but not short ones', () => {
    const redactor = createRedactor([
      { name: 'PIN', value: '123456' },
      { name: 'PORT', value: '5432' },
    ]);
    expect(redactor.value({ pin: 123456, port: 5432, own: JSON.parse('{"__proto__":"123456"}') })).toEqual({
      pin: '${secret:PIN}',
      port: 5432,
      own: JSON.parse('{"__proto__":"${secret:PIN}"}'),
    });
  });

  it('learns of secrets that become known later', () => {
    const redactor = createRedactor([]);
    expect(redactor.text('token abcdef')).toBe('token abcdef');
    redactor.add('TOKEN', 'abcdef');
    expect(redactor.text('token abcdef')).toBe('token ${secret:TOKEN}');
    redactor.add('OTHER', 'token');
    expect(redactor.text('token abcdef')).toBe('${secret:OTHER} ${secret:TOKEN}');
  });
});
