import { describe, expect, test } from 'vitest';
import {
  escapeReferences,
  findMalformedReferences,
  findReferences,
  replaceReferences,
  unescapeReferences,
} from '../../src/config/references.ts';

describe('references', () => {
  test('are found in every string, with what they name', () => {
    const value = {
      a: 'x ${env:HOME} ${env:PORT:-80} ${env:EMPTY:-}',
      b: ['${var:LOG_LEVEL}', 1, null, { c: '${resource:db.endpoint.port}' }],
      d: '${service:web.url}/${secret:TOKEN}',
    };
    expect(findReferences(value)).toEqual([
      { kind: 'env', name: 'HOME' },
      { kind: 'env', name: 'PORT', default: '80' },
      { kind: 'env', name: 'EMPTY', default: '' },
      { kind: 'var', name: 'LOG_LEVEL' },
      { kind: 'resource', name: 'db', output: 'endpoint.port' },
      { kind: 'service', name: 'web', output: 'url' },
      { kind: 'secret', name: 'TOKEN' },
    ]);
  });

  test('are nothing else: other braces stay, escapes stay', () => {
    const value = ['${HOME}', '$HOME', '${envy:X}', '$${env:X}', '{env:X}', '$ {env:X}'];
    expect(findReferences(value)).toEqual([]);
    expect(findMalformedReferences(value)).toEqual([]);
    expect(replaceReferences(value, () => 'replaced')).toBe(value);
  });

  test('that name nothing are told with the reason', () => {
    const texts = [
      '${env:X',
      '${env:1}',
      '${env:A:b}',
      '${resource:db}',
      '${secret:}',
      '${env:X:-${env:Y}}',
      '$${env:1}',
    ];
    expect(findMalformedReferences(texts)).toEqual([
      { text: '${env:X', reason: 'the closing } is missing' },
      { text: '${env:1}', reason: 'write ${env:NAME} or ${env:NAME:-default}' },
      { text: '${env:A:b}', reason: 'write ${env:NAME} or ${env:NAME:-default}' },
      { text: '${resource:db}', reason: 'write ${resource:NAME.OUTPUT}' },
      { text: '${secret:}', reason: 'write ${secret:NAME}' },
      { text: '${env:X:-${env:Y}', reason: 'references can not be nested' },
    ]);
  });

  test('alone in a string become the value, inside a string its text', () => {
    const outputs: Record<string, unknown> = { port: 5432, tls: true, hosts: ['a', 'b'], nothing: null, name: 'db' };
    const resolve = (text: string) => replaceReferences(text, (reference) => outputs[reference.output ?? ''] as never);
    expect(resolve('${resource:db.port}')).toBe(5432);
    expect(resolve('${resource:db.tls}')).toBe(true);
    expect(resolve('${resource:db.hosts}')).toEqual(['a', 'b']);
    expect(resolve('${resource:db.nothing}')).toBeNull();
    expect(resolve('at ${resource:db.name}:${resource:db.port} of ${resource:db.hosts}')).toBe(
      'at db:5432 of ["a","b"]',
    );
    expect(resolve('${resource:db.missing} ${resource:db.name}')).toBe('${resource:db.missing} db');
  });

  test('leave alone what has none: the same objects come back', () => {
    const untouched = { deep: [{ text: 'plain' }] };
    const value = { untouched, changed: { text: '${var:X}', beside: untouched } };
    const replaced = replaceReferences(value, () => 'x') as typeof value;
    expect(replaced).toEqual({ untouched, changed: { text: 'x', beside: untouched } });
    expect(replaced.untouched).toBe(untouched);
    expect(replaced.changed.beside).toBe(untouched);
    expect(value.changed.text).toBe('${var:X}');
    expect(replaceReferences(untouched, () => 'x')).toBe(untouched);
  });

  test('are not looked for in what was put in', () => {
    expect(replaceReferences('${var:A} ${var:B}', ({ name }) => (name === 'A' ? '${var:B}' : 'b'))).toBe('${var:B} b');
  });

  test('come back from escaping as they were', () => {
    for (const text of ['${env:X}', '$${env:X}', 'a ${secret:B} c', '$$$${resource:a.b}', '${HOME}', '$', 'plain']) {
      const escaped = escapeReferences(text);
      expect(findReferences(escaped)).toEqual([]);
      expect(unescapeReferences(escaped)).toBe(text);
    }
    expect(unescapeReferences({ run: 'echo $${env:X} ${var:Y}' })).toEqual({ run: 'echo ${env:X} ${var:Y}' });
  });
});
