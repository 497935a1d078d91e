import { expect, test } from 'vitest';
import { copyable } from '../src/output/copyable.ts';
import { widthOf } from '../src/render/width.ts';
import { wrap } from '../src/render/wrap.ts';
import { Playground } from './playground.ts';

test('a command in a text gets the flags that the person gave, each once', () => {
  const place = { directory: '../my shop', env: 'dev' };
  expect(copyable('Then: slipway resume --redo STEP.', place)).toBe(
    "Then: slipway resume -C '../my shop' -e dev --redo STEP.",
  );
  expect(copyable('Deploy first: slipway deploy -e live. Or `slipway state mv A B`.', place)).toBe(
    "Deploy first: slipway deploy -C '../my shop' -e live. Or `slipway state -C '../my shop' -e dev mv A B`.",
  );
  expect(copyable('slipway rollback --to 1.2.3 -e dev, or slipway history', { env: 'dev' })).toBe(
    'slipway rollback --to 1.2.3 -e dev, or slipway history -e dev',
  );
});

test('what is no command, or has all it needs, is left', () => {
  for (const text of ['slipway is a tool', 'the slipway plan-maker', 'slipways deploy', 'nothing'])
    expect(copyable(text, { env: 'dev' })).toBe(text);
  expect(copyable('slipway deploy', {})).toBe('slipway deploy');
});

test('the hint of an error can be copied, from any folder', async () => {
  using play = new Playground().write({
    'shop/slipway.yaml':
      'name: demo\nenvironments: { dev: {}, live: {} }\nresources: { a: { type: core:value, input: 1 } }\n',
  });
  const { stderr, code } = await play.slipway('show', '-C', 'shop', '-e', 'live');
  expect(code).toBe(2);
  expect(stderr).toContain('slipway deploy -C shop -e live.');
});

test('a line that is too wide is broken between words, and never a command', () => {
  const line =
    '  now:  Look at it, then say what you found: slipway resume -C a/b --redo service:web/switch; or not at all.';
  for (const columns of [30, 40, 60, 96]) {
    const lines = wrap(line, columns);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.map((one) => one.trim()).join(' ')).toBe(line.trim());
    const command = lines.find((one) => one.includes('slipway'))!;
    expect(command).toContain('slipway resume -C a/b --redo service:web/switch;');
    for (const one of lines) if (one !== command) expect(widthOf(one)).toBeLessThanOrEqual(columns);
    for (const one of lines.slice(1)) expect(one).toMatch(/^ {4}\S/);
  }
  expect(wrap(line, 200)).toEqual([line]);
  expect(wrap('a'.repeat(50), 20)).toEqual(['a'.repeat(50)]);
});
