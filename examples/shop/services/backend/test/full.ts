import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from './call.ts';

const order = { product: 'rope', quantity: 1, customer: 'full test' };

for (const [what, body] of Object.entries({
  'is not JSON': '{',
  'has no product': { ...order, product: undefined },
  'has an unknown product': { ...order, product: 'anchor' },
  'asks for nothing': { ...order, quantity: 0 },
  'asks for a part': { ...order, quantity: 1.5 },
  'has no customer': { ...order, customer: ' ' },
})) {
  test(`an order that ${what} is refused with the reason`, async () => {
    const reply = await call<{ error: string }>('POST', '/orders', body);
    assert.equal(reply.status, 400);
    assert.ok(reply.body.error.length > 0);
  });
}

test('more than there is can not be ordered', async () => {
  assert.equal((await call('POST', '/orders', { ...order, quantity: 1_000_000 })).status, 409);
});

test('an order can not be cancelled without its receipt', async (t) => {
  const { body } = await call<{ id: string; receipt: string }>('POST', '/orders', order);
  t.after(() => call('DELETE', `/orders/${body.id}`, undefined, { 'x-receipt': body.receipt }));
  assert.equal((await call('DELETE', `/orders/${body.id}`)).status, 403);
  assert.equal((await call('DELETE', `/orders/${body.id}`, undefined, { 'x-receipt': 'f'.repeat(64) })).status, 403);
  assert.equal((await call('GET', `/orders/${body.id}`)).status, 200);
});

test('the published contract is what is served', async () => {
  const { body } = await call<{ contract: number; routes: Record<string, string> }>('GET', '/api');
  assert.equal(body.contract, 1);
  for (const route of Object.keys(body.routes).filter((name) => name.startsWith('GET ') && !name.includes(':'))) {
    assert.equal((await call('GET', route.slice('GET '.length))).status, 200, route);
  }
});

test('what does not exist is said to be missing', async () => {
  assert.equal((await call('GET', '/orders/none')).status, 404);
  assert.equal((await call('GET', '/anchors')).status, 404);
});
