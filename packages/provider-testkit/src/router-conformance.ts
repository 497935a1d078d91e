import { afterAll, beforeAll, describe } from 'vitest';
import { openTestPlace, type TestPlace } from './call-context.ts';
import { describeCounts } from './router-conformance/counts.ts';
import { ProcessStand, type RouterUnderTest } from './router-conformance/process-stand.ts';
import { describeRefusals } from './router-conformance/refusals.ts';
import { describeRoutes } from './router-conformance/routes.ts';
import type { OpenStand } from './router-conformance/stand.ts';
import { describeSwitching } from './router-conformance/switching.ts';
import { describeWeights } from './router-conformance/weights.ts';

export type { RouterUnderTest } from './router-conformance/process-stand.ts';

/**
 * What the engine relies on with every router, as a vitest suite: real requests, from outside, to real processes of
 * this machine. `make` is told a project's folder and starts the router where one must be started; what it starts
 * is ended by `dispose`.
 */
export function checkRouter(
  name: string,
  make: (folder: string) => Promise<RouterUnderTest & { dispose(): Promise<void> }>,
  { skip = false }: { skip?: boolean } = {},
): void {
  describe.skipIf(skip)(`${name} is a router`, () => {
    let place: TestPlace;
    let under: Awaited<ReturnType<typeof make>>;
    let services = 0;
    beforeAll(async () => {
      place = await openTestPlace();
      under = await make(place.context.directory);
    });
    afterAll(async () => {
      await under?.dispose();
      await place.close();
    });
    describeRouting(() => ProcessStand.open(under, place, `service-${++services}`));
  });
}

/** Everything that a router must do, whatever runs behind it. */
export function describeRouting(open: OpenStand): void {
  describeWeights(open);
  describeSwitching(open);
  describeRoutes(open);
  describeCounts(open);
  describeRefusals(open);
}
