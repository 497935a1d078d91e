import { describe, expect } from 'vitest';
import { HELPFUL } from '../router-conformance/refusals.ts';
import { checksOnPlatform, type OpenPlatformStand } from './checks-on-platform.ts';

export function describeBounds(open: OpenPlatformStand): void {
  const check = checksOnPlatform(open);
  describe('what can not be done', () => {
    check('a service with nothing to run is refused, with what to do, and leaves nothing', async (stand) => {
      const { run: _run, dockerfile: _file, ...spec } = (await stand.request('r1')).spec;
      const request = { ...(await stand.request('r1')), spec };
      const staged = async () => {
        await stand.platform.publish?.(stand.context(), request);
        await stand.platform.stage(stand.context(), request);
      };
      await expect(staged()).rejects.toMatchObject(HELPFUL);
      expect(await stand.list()).toEqual([]);
    });

    check('a release that is gone is refused, with what to do, and leaves nothing', async (stand) => {
      const request = await stand.request('r1');
      const artifact = { digest: 'f'.repeat(64), directory: '/nowhere/at/all' };
      const staged = async () => {
        await stand.platform.publish?.(stand.context(), { ...request, artifact });
        await stand.platform.stage(stand.context(), { ...request, artifact });
      };
      await expect(staged()).rejects.toMatchObject(HELPFUL);
      expect(await stand.list()).toEqual([]);
    });

    check('a call that was aborted before starts nothing', async (stand) => {
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(stand.stage('r1', { signal })).rejects.toThrow();
      expect(await stand.list()).toEqual([]);
    });

    check('a probe ends with its signal', async (stand) => {
      await stand.serve('r1');
      const abort = new AbortController();
      const probed = stand.platform.probe(stand.context({ signal: abort.signal }), {
        service: stand.service,
        revision: 'r1',
        health: { ...stand.health, http: '/slow?ms=600000', timeoutMs: 600_000 },
      });
      setTimeout(() => abort.abort(new Error('enough')), 300);
      await expect(probed).rejects.toThrow();
    });
  });
}
