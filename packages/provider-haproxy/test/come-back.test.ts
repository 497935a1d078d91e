import { expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { ask, haproxyRouter, openStand, requestFor, startInstance } from './stand.ts';

test.skipIf(!requirePart('haproxy'))('a revision that was taken out and comes back is counted on', async () => {
  const context = await openStand();
  const backends = { old: [await startInstance('old')], new: [await startInstance('new')] };
  const request = await requestFor(backends, { old: 100 });
  const only = (revision: 'old' | 'new') => ({
    ...request,
    weights: { [revision]: 100 },
    backends: { [revision]: backends[revision] },
  });
  const counted = async () => (await haproxyRouter.traffic(context, 'shop')).new?.requests ?? 0;
  await haproxyRouter.setWeights(context, only('old'));
  for (let times = 1; times <= 3; times++) {
    await haproxyRouter.setWeights(context, only('new'));
    expect(await ask(request.port, 10)).toEqual({ new: 10 });
    await haproxyRouter.setWeights(context, only('old'));
    await haproxyRouter.drain(context, { service: 'shop', revision: 'new', drainMs: 5_000 });
    // The next switch removes what has no session any more.
    await haproxyRouter.setWeights(context, only('old'));
    expect(await counted()).toBe(10 * times);
  }
});
