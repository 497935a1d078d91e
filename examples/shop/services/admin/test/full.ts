import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './open.ts';

test('an unknown page is not found, and its name is shown as text', async () => {
  const { status, text } = await open('/<script>');
  assert.equal(status, 404);
  assert.ok(!text.includes('<script>'), 'the path stands unescaped in the page');
});

test('the admin only shows', async () => {
  assert.equal((await open('/', 'POST')).status, 405);
});
