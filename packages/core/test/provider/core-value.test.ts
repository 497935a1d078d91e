import { expect, test } from 'vitest';
import type { CallContext } from '../../src/provider/contract.ts';
import { coreProvider } from '../../src/provider/core-provider.ts';
import { coreValue } from '../../src/provider/core-value.ts';

const context: CallContext = {
  signal: new AbortController().signal,
  directory: '/nowhere',
  stateDirectory: '/nowhere/.slipway',
  environment: 'test',
  platform: {},
  epoch: 1,
  log: () => {},
};

test.for([0, '', null, false, [1, { a: null }], { deep: { er: 'x' } }])('carries %j unchanged', async (input) => {
  const properties = { input } as { input: never };
  expect(coreValue.schema.safeParse(properties).success).toBe(true);
  expect(coreValue.predict?.(properties)).toEqual({ value: input });
  const { id, outputs } = await coreValue.create(context, { token: 't', name: 'v', properties });
  expect(outputs).toEqual({ value: input });
  expect(await coreValue.create(context, { token: 't', name: 'v', properties })).toEqual({ id, outputs });
  expect((await coreValue.create(context, { token: 'u', name: 'v', properties })).id).not.toBe(id);
});

test('has no effect outside, and says so', () => {
  expect(coreValue.pure).toBe(true);
  expect(coreProvider).toMatchObject({ name: 'core', platforms: [] });
});

// That values are JSON at all is seen to when the config is read.
test.for([{}, { input: undefined }, { input: 1, other: 2 }])('refuses %o', (properties) => {
  expect(coreValue.schema.safeParse(properties).success).toBe(false);
});
