import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './open.ts';

test('the products of the backend are shown with their prices', async () => {
  const { status, text } = await open('/products');
  assert.equal(status, 200, text);
  assert.match(text, /Enamel mug<\/td><td>[^<]*\d+\.\d\d/);
});

test('the orders of the backend are shown', async () => {
  const { status, text } = await open('/');
  assert.equal(status, 200, text);
  assert.match(text, /<h1>Orders<\/h1>\s*(<table>|<p>No orders yet)/);
});
