import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './open.ts';

test('the stylesheet is served as one', async () => {
  const { status, type } = await open('/style.css');
  assert.equal(status, 200);
  assert.match(type, /^text\/css/);
});

test('a page that does not exist is not found', async () => {
  assert.equal((await open('/winter-sale.html')).status, 404);
});
