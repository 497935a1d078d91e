import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CallContext, RevisionRequest } from '@slipway/core/provider';
import { type LabHost, waitUntil } from '@slipway/provider-testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { callHost, SUPERVISOR_FILE } from '../src/connection/call-host.ts';
import { fleetOf } from '../src/options.ts';
import { sshPlatform } from '../src/platform/ssh-platform.ts';
import { TestFleet } from './fleet.ts';

describe.skipIf(!requirePart('sshd'))('releases on hosts', () => {
  let fleet: TestFleet;
  beforeAll(async () => {
    fleet = await TestFleet.open(2);
  });
  afterAll(() => fleet?.close());

  test('an artifact is uploaded once to each host, and a lost one again', async () => {
    const context = fleet.context();
    const request = fleet.request('r1', { slots: [0] });
    await sshPlatform.publish?.(context, request);
    expect(fleet.log.filter((line) => line.startsWith('uploaded'))).toHaveLength(2);
    await sshPlatform.publish?.(context, request);
    expect(fleet.log.filter((line) => line.startsWith('uploaded'))).toHaveLength(2);
    for (const index of [0, 1]) {
      const file = join(fleet.folder(index), 'artifacts/digest-of-r1/backend/server.cjs');
      expect(readFileSync(file, 'utf8')).toContain('// r1');
    }
    rmSync(join(fleet.folder(0), 'artifacts/digest-of-r1'), { recursive: true });
    await sshPlatform.stage(context, request);
    expect(fleet.log.filter((line) => line.startsWith('uploaded'))).toHaveLength(3);
    expect(await sshPlatform.list(context)).toMatchObject([{ revision: 'r1' }]);
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
  });

  test('what is secret is readable by the owner alone, and masked in the logs', async () => {
    const context = fleet.context();
    const secret = `pass'word with "all" of $it`;
    const request = fleet.request('r2', { slots: [0], env: { REVISION: 'r2', TOKEN: secret }, secrets: [secret] });
    await fleet.serve(context, request);
    const release = join(fleet.folder(0), 'releases/r2');
    expect(statSync(join(release, 'environment')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(release, '.slipway.json'), 'utf8')).not.toContain(secret);
    await waitUntil('it is said, masked', async () => {
      const said: string[] = [];
      for await (const { text } of sshPlatform.logs(context, { service: 'backend', lines: 50, follow: false }))
        said.push(text);
      expect(said.join('\n')).not.toContain(secret);
      return said.includes('listening ***') || said;
    });
    await sshPlatform.retire(context, { service: 'backend', revision: 'r2' });
    expect(existsSync(release)).toBe(false);
  });

  test('the link `current` always leads to a release while it is switched', async () => {
    const context = fleet.context();
    await Promise.all(['r1', 'r3'].map((id) => fleet.serve(context, fleet.request(id, { slots: [0] }))));
    await sshPlatform.activated?.(context, { service: 'backend', revision: 'r1' });
    const link = join(fleet.folder(0), 'current');
    const seen = new Set<string>();
    let looking = true;
    const look = async () => {
      while (looking) {
        seen.add(readlinkSync(link));
        expect(existsSync(join(link, '.slipway.json'))).toBe(true);
        await new Promise(setImmediate);
      }
    };
    const looked = look();
    for (const revision of ['r3', 'r1', 'r3']) await sshPlatform.activated?.(context, { service: 'backend', revision });
    looking = false;
    await looked;
    expect([...seen].sort()).toEqual(['releases/r1', 'releases/r3']);
  });

  test('keeps so many artifacts, and all that a revision uses', async () => {
    const context = fleet.context({ options: { keepReleases: 1 }, environment: 'pruned' });
    for (const id of ['r1', 'r2', 'r3']) await sshPlatform.publish?.(context, fleet.request(id));
    await fleet.serve(context, fleet.request('r1', { slots: [0] }));
    for (const id of ['r4', 'r5']) await sshPlatform.publish?.(context, fleet.request(id));
    await sshPlatform.activated?.(context, { service: 'backend', revision: 'r1' });
    const kept = (id: string) => existsSync(join(fleet.folder(0, 'pruned'), `artifacts/digest-of-${id}`));
    expect(['r1', 'r2', 'r3', 'r5'].map(kept)).toEqual([true, false, false, true]);
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
  });

  test('an older writer is turned away, and changes nothing', async () => {
    const newer = fleet.context({ epoch: 7, environment: 'fenced' });
    await fleet.serve(newer, fleet.request('r1', { slots: [0] }));
    const older = fleet.context({ epoch: 6, environment: 'fenced' });
    await expect(sshPlatform.retire(older, { service: 'backend', revision: 'r1' })).rejects.toMatchObject({
      message: expect.stringContaining('epoch 7'),
    });
    expect((await sshPlatform.list(older)).map(({ state }) => state)).toEqual(['running']);
    await sshPlatform.retire(newer, { service: 'backend', revision: 'r1' });
  });

  test('what arrives damaged, or not whole, is not used', async () => {
    const context = fleet.context({ environment: 'damaged' });
    const on = { fleet: fleetOf(context), host: fleetOf(context).hosts[0]! };
    const wrong = callHost(context, on, 'receive', [1, 'backend', 'd1', '0'.repeat(64)], 'not what was meant');
    await expect(wrong).rejects.toMatchObject({ code: 'artifact-damaged', retryable: true });
    expect(existsSync(join(fleet.folder(0, 'damaged'), 'artifacts/d1'))).toBe(false);
    const words = [
      1,
      'backend',
      'r1',
      'd1',
      30,
      20_000,
      29_999,
      'shell',
      SUPERVISOR_FILE,
      on.host.bindTo,
      'renew',
      '1.1',
    ];
    const half = callHost(context, on, 'stage', words, 'environment eA==\n');
    await expect(half).rejects.toMatchObject({ code: 'artifact-damaged' });
    expect(readdirSync(join(fleet.folder(0, 'damaged'), 'releases'))).toEqual([]);
  });

  test('the newest epoch stands, also after an older one came late', async () => {
    const context = (epoch: number) => fleet.context({ epoch, environment: 'epochs' });
    const retire = (epoch: number) => sshPlatform.retire(context(epoch), { service: 'backend', revision: 'none' });
    await Promise.allSettled([3, 9, 5, 8, 2].map(retire));
    for (const epoch of [8, 3]) await expect(retire(epoch)).rejects.toThrow('epoch 9');
    await retire(9);
    expect(readdirSync(join(fleet.folder(0, 'epochs'), '../.epochs'))).toEqual(['9']);
  });

  test('what a host was to remove is removed there, unless it was staged later', async () => {
    const context = fleet.context({ epoch: 5, environment: 'owing' });
    const { hosts } = fleetOf(context);
    const on = (slot: number) => ({ fleet: fleetOf(context), host: hosts[slot]! });
    const owe = (epoch: number, at: number) =>
      callHost(context, on(0), 'owe', [5, 'backend', 'host1', 'r1', `${epoch}.${at}`, 'remove']);
    const afterNextChange = async () => {
      await sshPlatform.retire(context, { service: 'backend', revision: 'none' });
      return (await sshPlatform.list(context)).map(({ revision }) => revision);
    };
    await sshPlatform.stage(context, fleet.request('r1', { slots: [1] }));
    await owe(4, Date.now() + 60_000);
    expect(await afterNextChange()).toEqual(['r1']);
    await owe(5, Date.now() - 60_000);
    expect(await afterNextChange()).toEqual(['r1']);
    await owe(5, Date.now() + 60_000);
    expect(await afterNextChange()).toEqual([]);
    await sshPlatform.stage(context, fleet.request('r1', { slots: [1] }));
    await owe(10, 1);
    expect(await afterNextChange()).toEqual([]);
    // As versions before have left them, which kept no times.
    await sshPlatform.stage(context, fleet.request('r1', { slots: [1] }));
    const oweAsBefore = () => mkdirSync(join(fleet.folder(0, 'owing'), '.owed/host1/r1'), { recursive: true });
    oweAsBefore();
    expect(await afterNextChange()).toEqual(['r1']);
    rmSync(join(fleet.folder(1, 'owing'), 'releases/r1/state/staged'));
    oweAsBefore();
    expect(await afterNextChange()).toEqual([]);
  });

  test('environments on the same hosts don’t touch each other, and have ports of their own', async () => {
    const options = { portRange: [24_000, 24_001] };
    const [one, other] = ['one', 'other'].map((environment) => fleet.context({ environment, options })) as [
      CallContext,
      CallContext,
    ];
    const request = fleet.request('r1', { slots: [0] });
    await Promise.all([one, other].map((context) => fleet.serve(context, request)));
    const pids = await Promise.all([one, other].map(async (context) => (await fleet.ask(context, 'r1', 0)).pid));
    expect(new Set(pids).size).toBe(2);
    await sshPlatform.retire(one, { service: 'backend', revision: 'r1' });
    expect(await sshPlatform.list(one)).toEqual([]);
    expect((await fleet.ask(other, 'r1', 0)).pid).toBe(pids[1]);
    const full = fleet.context({ environment: 'third', options });
    await fleet.serve(full, request);
    const fourth = fleet.context({ environment: 'fourth', options });
    await expect(fleet.serve(fourth, request)).rejects.toMatchObject({ code: 'host-no-port' });
    for (const context of [other, full]) {
      await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    }
  });

  test('an instance that is no longer wanted is removed from its host, the others run on', async () => {
    const context = fleet.context({ environment: 'scaled' });
    await fleet.serve(context, fleet.request('r1'));
    const before = await fleet.ask(context, 'r1', 0);
    await fleet.serve(context, fleet.request('r1', { slots: [0] }));
    expect(existsSync(join(fleet.folder(1, 'scaled'), 'releases/r1'))).toBe(false);
    expect(await sshPlatform.list(context)).toMatchObject([{ revision: 'r1', slots: [0] }]);
    expect(await fleet.ask(context, 'r1', 0)).toEqual(before);
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
  });

  test('what runs is reached where it listens, also after its host is to bind elsewhere', async () => {
    const [{ name, address, root, namespace }] = fleet.lab.hosts as [LabHost];
    const other = address.replace(/\d+$/, '200');
    execFileSync('ip', ['-n', namespace, 'address', 'add', `${other}/24`, 'dev', 'eth0']);
    const before = fleet.context({ environment: 'moved' });
    const after = fleet.context({
      environment: 'moved',
      options: { hosts: [{ name, address, root, bindTo: other }] },
    });
    const [r1, r2] = ['r1', 'r2'].map((id) => fleet.request(id, { slots: [0] })) as [RevisionRequest, RevisionRequest];
    const where = async (context: CallContext) => {
      const found = await sshPlatform.endpoints(context, { service: 'backend', revisions: ['r1', 'r2'] });
      return Object.entries(found).map(([revision, all]) => [revision, ...all.map(({ host }) => host)]);
    };
    await fleet.serve(before, r1);
    const { pid } = await fleet.ask(before, 'r1', 0);
    const { preview } = await sshPlatform.stage(after, { ...r1, leaveRunning: true });
    expect(preview).toContain(`//${address}:`);
    await fleet.serve(after, r2);
    expect(await where(after)).toEqual([
      ['r1', address],
      ['r2', other],
    ]);
    expect((await sshPlatform.list(after)).map((one) => one.preview)).toEqual([
      expect.stringContaining(`//${address}:`),
      expect.stringContaining(`//${other}:`),
    ]);
    const probe = { service: 'backend', revision: 'r1', health: r1.spec.health };
    expect(await sshPlatform.probe(after, probe)).toEqual({ kind: 'healthy' });
    expect((await fleet.ask(after, 'r1', 0)).pid).toBe(pid);
    await fleet.serve(after, r1);
    expect(await where(after)).toContainEqual(['r1', other]);
    expect((await fleet.ask(after, 'r1', 0)).pid).not.toBe(pid);
    for (const { revision } of [r1, r2]) await sshPlatform.retire(after, { service: 'backend', revision });
  });

  test('paths that are shared outlive a revision', async () => {
    const context = fleet.context({ options: { shared: ['backend/uploads'] }, environment: 'sharing' });
    await fleet.serve(context, fleet.request('r1', { slots: [0] }));
    const uploads = join(fleet.folder(0, 'sharing'), 'releases/r1/files/backend/uploads');
    expect(readlinkSync(uploads)).toBe(join(fleet.folder(0, 'sharing'), 'shared/backend/uploads'));
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    expect(existsSync(join(fleet.folder(0, 'sharing'), 'shared/backend/uploads'))).toBe(true);
  });
});
