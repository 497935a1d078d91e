import { expect, test } from 'vitest';
import { fleetOf } from '../src/options.ts';
import { sshPlatform } from '../src/platform/ssh-platform.ts';

const at = (platform: Record<string, unknown>) => ({
  platform: { use: 'ssh', ...platform } as never,
  directory: '/shop',
});
const inventory = [
  { name: 'web1', address: '10.0.0.1', groups: ['web'] },
  { name: 'db', address: '10.0.0.2' },
  { name: 'web2', address: '10.0.0.3', groups: ['web'], user: 'ann', port: 2222, bindTo: '0.0.0.0' },
];

test('slots are the hosts of the group in the order of the inventory', () => {
  const { hosts } = fleetOf(at({ hosts: inventory, group: 'web', user: 'deploy' }));
  expect(hosts.map(({ slot, name, user, port, bindTo }) => [slot, name, user, port, bindTo])).toEqual([
    [0, 'web1', 'deploy', 22, '10.0.0.1'],
    [1, 'web2', 'ann', 2222, '0.0.0.0'],
  ]);
  expect(sshPlatform.instances?.(at({ hosts: inventory, group: 'web' }).platform)).toEqual({ byDefault: 2, most: 2 });
});

test('an inventory may be a map, and paths are those of the project', () => {
  const { hosts, login } = fleetOf(at({ hosts: { web: '10.0.0.1', db: {} }, key: 'keys/deploy' }));
  expect(hosts.map(({ name, address }) => [name, address])).toEqual([
    ['web', '10.0.0.1'],
    ['db', 'db'],
  ]);
  expect(login.keyFile).toBe('/shop/keys/deploy');
});

test.each([
  [2, 2],
  ['60%', 2],
  ['67%', 3],
  [9, 3],
])('a quorum of %s of three hosts is %s', (quorum, wanted) => {
  expect(fleetOf(at({ hosts: inventory, unreachable: { quorum } })).quorum).toBe(wanted);
});

test.each([
  [{}],
  [{ hosts: [] }],
  [{ hosts: inventory, group: 'nobody' }],
  [{ hosts: [inventory[0], inventory[0]] }],
  [{ hosts: inventory, knownHost: 'x' }],
  [{ hosts: inventory, portRange: [30_000, 20_000] }],
  [{ hosts: inventory, shared: ['../other'] }],
  [{ hosts: inventory, unreachable: 'ignore' }],
])('refuses what can not be right: %j', (platform) => {
  expect(() => fleetOf(at(platform))).toThrow(expect.objectContaining({ code: 'config-invalid' }));
});
