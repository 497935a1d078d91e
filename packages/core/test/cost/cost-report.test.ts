import { expect, test } from 'vitest';
import { service, thing } from '../support/declare.ts';
import { playground } from '../support/playground.ts';

const costOf = (play: Awaited<ReturnType<typeof playground>>) => play.session((slipway) => slipway.cost());

test('what is recorded is added up by currency, and what is not known is named', async () => {
  const play = await playground({ cost: () => ({ amount: 7, currency: 'USD' }) });
  await play.file('web/index.js', '');
  await play.deploy({
    resources: {
      b: thing(1, { price: { amount: 0.1, currency: 'EUR' } }),
      a: thing(1, { price: { amount: 0.2, currency: 'EUR' } }),
      free: thing(1),
      dark: thing(1, { price: null }),
    },
    services: { web: service('web', 4100) },
  });
  await play.file('slipway.yaml', 'name: [');
  expect(await costOf(play)).toEqual({
    environment: 'dev',
    items: [
      { address: 'resource:a', type: 'memory:thing', monthly: [{ amount: 0.2, currency: 'EUR' }] },
      { address: 'resource:b', type: 'memory:thing', monthly: [{ amount: 0.1, currency: 'EUR' }] },
      { address: 'resource:dark', type: 'memory:thing', monthly: null },
      { address: 'resource:free', type: 'memory:thing', monthly: [] },
      { address: 'service:web', type: 'service', platform: 'memory', monthly: [{ amount: 7, currency: 'USD' }] },
    ],
    monthly: [
      { amount: 0.3, currency: 'EUR' },
      { amount: 7, currency: 'USD' },
    ],
    unknown: ['resource:dark'],
  });
});

test('nothing recorded costs nothing', async () => {
  const play = await playground();
  await play.config({ resources: { a: thing(1, { price: { amount: 1, currency: 'EUR' } }) } });
  expect(await costOf(play)).toEqual({ environment: 'dev', items: [], monthly: [], unknown: [] });
});
