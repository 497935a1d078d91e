import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestPlace, type TestPlace } from './call-context.ts';
import { describeBounds } from './platform-conformance/bounds.ts';
import { describeInstances } from './platform-conformance/instances.ts';
import { describeLife } from './platform-conformance/life.ts';
import { describeOutput } from './platform-conformance/output.ts';
import { PlatformStand, type PlatformUnderTest } from './platform-conformance/platform-stand.ts';
import { describeRouting } from './router-conformance.ts';

export type { PlatformUnderTest } from './platform-conformance/platform-stand.ts';

/** Some can only be made one after another on a machine. */
const MAKING_WITHIN_MS = 600_000;

/**
 * What the engine relies on with every platform and the router before it, as a vitest suite: real revisions of a
 * small service, real requests from outside. `make` is told a project's folder (its `.slipway` is there) and says
 * what is tested; each check has a service of its own in the environment `test` of a project with a name of its own.
 * `distributes: false` leaves out how the router divides and leads traffic, where that is proven elsewhere.
 */
export function checkPlatform(
  name: string,
  make: (folder: string) => Promise<PlatformUnderTest>,
  { skip = false, distributes = true }: { skip?: boolean; distributes?: boolean } = {},
): void {
  describe.skipIf(skip)(`${name} is a platform`, () => {
    let place: TestPlace;
    let under: PlatformUnderTest;
    let services = 0;
    beforeAll(async () => {
      place = await openTestPlace();
      place.context.project = `conformance-${randomBytes(4).toString('hex')}`;
      under = await make(place.context.directory);
    }, MAKING_WITHIN_MS);
    afterAll(async () => {
      await under?.dispose();
      await place.close();
    }, 60_000);
    const open = () => PlatformStand.open(under, place, `service-${++services}`);

    describeInstances(open);
    describeLife(open);
    describeOutput(open);
    describeBounds(open);
    if (distributes) describeRouting(open);
    test('nothing is left of all that', async () => {
      expect(await under.platform.list({ ...place.context, ...under.options })).toEqual([]);
    });
  });
}
