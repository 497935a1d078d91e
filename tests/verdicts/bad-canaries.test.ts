import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../require.ts';
import { FAULTS, type Fault } from './bad-release.ts';
import { CanarySite, type Stand } from './canary-site.ts';
import { goBadOn } from './go-bad-on.ts';

const hasDocker = requirePart('docker') && requirePart('haproxy');

describe.each<Stand>(['local', 'docker'])('a bad release on %s', (stand) => {
  let site: CanarySite;
  const skipped = stand === 'docker' && !hasDocker;
  beforeAll(async () => {
    if (skipped) return;
    site = await CanarySite.make(stand);
    expect(await site.slipway('deploy', '--yes')).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    if (!skipped) await site.remove();
  });

  for (const fault of Object.keys(FAULTS) as Fault[]) {
    test.skipIf(skipped)(`${fault}: seen by its metric, and nobody gets it any more`, async () => {
      const seen = await goBadOn(site, fault);
      expect(seen.outcome).toMatchObject({ code: 3, said: expect.stringContaining('analysis-failed') });
      expect(seen.metrics).toContain(FAULTS[fault]);
      expect(seen.reached).toBeGreaterThan(0);
      expect(seen.releaseAfter).toEqual(['none']);
    });
  }
});
