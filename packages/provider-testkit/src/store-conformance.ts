import { describe } from 'vitest';
import { describeAppends } from './store-conformance/appends.ts';
import { describeDeployments } from './store-conformance/deployments.ts';
import { describeKeeping } from './store-conformance/keeping.ts';
import { describeKeys } from './store-conformance/keys.ts';
import { describeLocks } from './store-conformance/locks.ts';
import type { MakeStorePlace } from './store-conformance/place.ts';
import { describeState } from './store-conformance/state.ts';

/**
 * What every store must do, as a vitest suite: a store that passes it can carry the engine. Each test asks
 * `makePlace` for an empty place of its own and may open it several times, as several processes would.
 */
export function storeConformance(name: string, makePlace: MakeStorePlace): void {
  describe(`${name} is a store`, () => {
    describeLocks(makePlace);
    describeAppends(makePlace);
    describeState(makePlace);
    describeDeployments(makePlace);
    describeKeeping(makePlace);
    describeKeys(makePlace);
  });
}
