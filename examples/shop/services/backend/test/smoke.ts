import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from './call.ts';

test('the database answers', async () => {
  const { status, body } = await call('GET', '/healthz');
  assert.equal(status, 200, `GET /healthz: ${JSON.stringify(body)}`);
});

test('products are listed with price and stock', async () => {
  const { status, body } = await call<{ id: string; price: number; stock: number }[]>('GET', '/products');
  assert.equal(status, 200, `GET /products: ${JSON.stringify(body)}`);
  assert.ok(body.length > 0, 'the shop has no products');
  for (const product of body) assert.ok(product.price > 0 && product.stock >= 0, JSON.stringify(product));
});
