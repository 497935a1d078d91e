import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@slipway/provider-testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { callHost } from '../src/connection/call-host.ts';
import { fleetOf } from '../src/options.ts';
import { sshPlatform } from '../src/platform/ssh-platform.ts';
import { TestFleet } from './fleet.ts';

describe.skipIf(!requirePart('sshd'))('a host that is cut off', () => {
  let fleet: TestFleet;
  beforeEach(async () => {
    fleet = await TestFleet.open(3);
  });
  afterEach(() => fleet?.close());

  /** Until they are reached: an attempt to connect that began before may fail a moment after. */
  const mend = async (...indexes: number[]) => {
    for (const index of indexes) fleet.lab.mend(index);
    const hosts = indexes.map((index) => {
      const { name, address, root } = fleet.lab.hosts[index]!;
      return { name, address, root };
    });
    const context = fleet.context({ options: { hosts } });
    await waitUntil('they are reached', async () =>
      sshPlatform.list(context).then(
        () => true,
        (error: Error) => error.message,
      ),
    );
  };

  test('fails the call with an error that names it; the others were done, and it goes on when it is back', async () => {
    const context = fleet.context();
    await fleet.serve(context, fleet.request('r1'));
    fleet.lab.cut(1);
    await expect(sshPlatform.stage(context, fleet.request('r2'))).rejects.toMatchObject({
      code: 'host-unreachable',
      details: { host: 'host1' },
      retryable: true,
    });
    const all = await sshPlatform.endpoints(context, { service: 'backend', revisions: ['r1'] });
    expect(all.r1?.map(({ slot }) => slot)).toEqual([0, 2]);
    await expect(sshPlatform.retire(context, { service: 'backend', revision: 'r1' })).rejects.toMatchObject({
      details: { host: 'host1' },
    });
    await mend(1);
    expect(await sshPlatform.list(context)).toMatchObject([
      { revision: 'r1', slots: [1] },
      { revision: 'r2', slots: [0, 2] },
    ]);
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    await sshPlatform.retire(context, { service: 'backend', revision: 'r2' });
    expect(await sshPlatform.list(context)).toEqual([]);
  });

  test('is left out and named while a quorum is reached, and not beyond', async () => {
    const context = fleet.context({ options: { unreachable: { quorum: '60%' } } });
    fleet.lab.cut(2);
    await fleet.serve(context, fleet.request('r1'));
    expect(fleet.log.some((line) => /goes on without a host.*host2/.test(line))).toBe(true);
    expect(await sshPlatform.list(context)).toMatchObject([{ revision: 'r1', slots: [0, 1] }]);
    fleet.lab.cut(1);
    await expect(sshPlatform.stage(context, fleet.request('r1'))).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringMatching(/quorum of 2[\s\S]*host1[\s\S]*host2|quorum of 2[\s\S]*host2[\s\S]*host1/),
    });
  });

  test.each(['before it was reached', 'while it was being asked'])(
    'is left out of probes, too, that take less time than finding out: cut off %s',
    async (when) => {
      const context = fleet.context({ options: { unreachable: { quorum: 2 } } });
      const target = { service: 'backend', revision: 'r1', slots: [0, 1, 2] };
      const { health } = fleet.request('r1').spec;
      const probe = () => sshPlatform.probe(context, { ...target, health: { ...health, timeoutMs: 1_500 } });
      if (when === 'before it was reached') fleet.lab.cut(2);
      await fleet.serve(context, fleet.request('r1'));
      fleet.lab.cut(2);
      const results: string[] = [];
      while (results.length < 60 && !results.join(' ').endsWith('healthy, healthy, healthy,')) {
        const result = await probe();
        results.push(result.kind === 'healthy' ? 'healthy,' : result.reason);
      }
      expect(results.slice(-3)).toEqual(['healthy,', 'healthy,', 'healthy,']);
      await mend(2);
      await sshPlatform.stage(context, fleet.request('r1'));
      expect(await sshPlatform.list(context)).toMatchObject([{ slots: [0, 1, 2] }]);
      const everywhere = fleet.context();
      await waitUntil(
        'it is healthy on all',
        async () => (await sshPlatform.probe(everywhere, { ...target, health })).kind === 'healthy',
      );
    },
  );

  test('removes what was removed elsewhere meanwhile as soon as it is back', async () => {
    const context = fleet.context({ options: { unreachable: { quorum: 2 }, connectTimeout: '6s' } });
    await fleet.serve(context, fleet.request('r1'));
    fleet.lab.cut(2);
    await fleet.serve(context, fleet.request('r2', { slots: [0, 1] }));
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    await mend(2);
    expect(await sshPlatform.list(context)).toMatchObject([
      { revision: 'r1', slots: [2] },
      { revision: 'r2', slots: [0, 1] },
    ]);
    await fleet.serve(context, fleet.request('r3'));
    expect(await sshPlatform.list(context)).toMatchObject([
      { revision: 'r2', slots: [0, 1] },
      { revision: 'r3', slots: [0, 1, 2] },
    ]);
    expect(existsSync(join(fleet.folder(0), '.owed'))).toBe(false);
  });

  test.each(['back', 'still away'])(
    'keeps what was staged again since, though another still remembers that it was to be removed: %s at that time',
    async (at) => {
      const as = (epoch: number) => fleet.context({ options: { unreachable: { quorum: 1 } }, epoch });
      const which = (revision: string) => ({ service: 'backend', revision });
      await fleet.serve(as(1), fleet.request('r1'));
      const first = await fleet.ask(as(1), 'r1', 2);
      fleet.lab.cut(2);
      await sshPlatform.retire(as(2), which('r1'));
      fleet.lab.cut(0);
      if (at === 'back') await mend(2);
      await fleet.serve(as(3), fleet.request('r1'));
      await mend(0, 2);
      await sshPlatform.retire(as(4), which('r2'));
      expect(await sshPlatform.list(as(4))).toMatchObject([{ revision: 'r1', state: 'running', slots: [1, 2] }]);
      expect(await fleet.ask(as(4), 'r1', 2)).toEqual(first);
      expect([0, 1, 2].filter((index) => existsSync(join(fleet.folder(index), '.owed')))).toEqual([]);
      fleet.lab.cut(2);
      await sshPlatform.retire(as(5), which('r1'));
      await mend(2);
      await sshPlatform.retire(as(5), which('r2'));
      expect(await sshPlatform.list(as(5))).toEqual([]);
    },
  );

  test('holds nobody up when it was lost in the middle of an upload', async () => {
    const context = fleet.context({ options: { connectTimeout: '6s' } });
    const on = { fleet: fleetOf(context), host: fleetOf(context).hosts[0]! };
    await sshPlatform.list(context);
    const large = callHost(context, on, 'receive', [1, 'backend', 'lost', 'f'.repeat(64)], Buffer.alloc(64_000_000));
    fleet.lab.cut(0);
    await expect(large).rejects.toMatchObject({ code: 'host-unreachable' });
    await mend(0);
    await fleet.serve(context, fleet.request('r1', { slots: [0] }));
    expect(existsSync(join(fleet.folder(0), 'artifacts/lost'))).toBe(false);
  });

  test('keeps nothing from ending: calls are aborted at once', async () => {
    const context = fleet.context({ options: { connectTimeout: '60s' } });
    await sshPlatform.list(context);
    fleet.lab.cut(0);
    const abort = new AbortController();
    const listed = sshPlatform.list({ ...context, signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 200);
    const tooLate = AbortSignal.timeout(30_000);
    await expect(listed).rejects.toThrow('enough');
    expect(tooLate.aborted).toBe(false);
  });

  test('runs on what it ran, through a logout and its supervisor’s death', async () => {
    const context = fleet.context();
    await fleet.serve(context, fleet.request('r1', { slots: [0] }));
    const before = await fleet.ask(context, 'r1', 0);
    fleet.lab.cut(0);
    await expect(sshPlatform.list(context)).rejects.toMatchObject({ code: 'host-unreachable' });
    fleet.lab.mend(0);
    expect(await fleet.ask(context, 'r1', 0)).toEqual(before);
    const file = join(fleet.folder(0), 'releases/r1/state/supervisor');
    const supervisor = Number(readFileSync(file, 'utf8').split(' ')[0]);
    process.kill(supervisor, 'SIGKILL');
    expect(await fleet.ask(context, 'r1', 0)).toEqual(before);
    await sshPlatform.stage(context, fleet.request('r1', { slots: [0] }));
    expect(await fleet.ask(context, 'r1', 0)).toEqual(before);
    expect(Number(readFileSync(file, 'utf8').split(' ')[0])).not.toBe(supervisor);
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    expect(() => process.kill(before.pid, 0)).toThrow();
  });
});
