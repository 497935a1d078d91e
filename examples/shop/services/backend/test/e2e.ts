import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from './call.ts';

// Runs beside real customers: it cancels what it ordered, and asserts nothing about the orders of others.

interface Placed {
  id: string;
  product: string;
  quantity: number;
  customer: string;
  receipt: string;
}

test('an order that was placed can be read back and cancelled', async (t) => {
  const wanted = { product: 'mug', quantity: 2, customer: 'end-to-end test' };
  const placed = await call<Placed>('POST', '/orders', wanted);
  assert.equal(placed.status, 201, `POST /orders: ${JSON.stringify(placed.body)}`);
  const { id, receipt } = placed.body;
  t.after(() => call('DELETE', `/orders/${id}`, undefined, { 'x-receipt': receipt }));

  const { placedAt, ...read } = (await call<Placed & { placedAt: string }>('GET', `/orders/${id}`)).body;
  assert.deepEqual(read, { id, ...wanted });
  assert.ok(Date.parse(placedAt) > 0, `placedAt is no time: ${placedAt}`);

  const cancelled = await call('DELETE', `/orders/${id}`, undefined, { 'x-receipt': receipt });
  assert.equal(cancelled.status, 204);
  assert.equal((await call('GET', `/orders/${id}`)).status, 404);
});
