import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './open.ts';

test('the admin answers', async () => {
  assert.equal((await open('/healthz')).status, 200);
});
