import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './open.ts';

test('every page can be reached from the front page', async () => {
  const seen = new Set(['/']);
  for (const path of seen) {
    const { status, text } = await open(path);
    assert.equal(status, 200, `${path} answered ${status}`);
    for (const [, target] of text.matchAll(/<a href="([^":]+)"/g))
      seen.add(new URL(target as string, `http://site${path}`).pathname);
  }
  assert.ok(seen.size >= 3, `only ${[...seen].join(', ')} can be reached`);
});
