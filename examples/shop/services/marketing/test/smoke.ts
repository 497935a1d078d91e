import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './open.ts';

test('the front page is there', async () => {
  const { status, type, text } = await open('/');
  assert.equal(status, 200);
  assert.match(type, /^text\/html/);
  assert.match(text, /<h1>.+<\/h1>/);
});
