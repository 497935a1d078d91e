import { DatabaseSync } from 'node:sqlite';
import { freePort } from '@slipway/provider-testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { storeFile } from '../../src/agent/locations.ts';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { until } from '../until.ts';
import { get, isRunning, Playground } from './playground.ts';

let ground: Playground;
beforeEach(() => {
  ground = new Playground();
});
afterEach(() => ground.close());

/** Writes what is stored as the first version did. */
function asFirstVersion(state: string): void {
  const db = new DatabaseSync(storeFile(state));
  for (const { row, environment } of db.prepare('SELECT row, environment FROM revisions').all()) {
    const { instances, record: _record, ...rest } = JSON.parse(String(row));
    const { slot: _slot, desired: _desired, ...first } = instances[0];
    db.prepare('UPDATE revisions SET row = ? WHERE environment = ?').run(
      JSON.stringify({ ...rest, ...first }),
      environment as string,
    );
  }
  for (const { row, environment } of db.prepare('SELECT row, environment FROM routes').all()) {
    const { backends: _backends, routes: _routes, ...rest } = JSON.parse(String(row));
    db.prepare('UPDATE routes SET row = ? WHERE environment = ?').run(JSON.stringify(rest), environment as string);
  }
  db.exec('PRAGMA user_version = 1');
  db.close();
}

it('takes over what an agent of the first version left running', async () => {
  await ground.serve(ground.request('r1'));
  const { url } = await ground.route(await freePort(), { r1: 100 });
  const before = await get(url);
  // A stop, and not a kill, so that no other agent comes back before the store is rewritten.
  const agent = await ground.agentPid();
  process.kill(agent, 'SIGTERM');
  await until(() => !isRunning(agent));
  asFirstVersion(ground.state);
  expect(await localPlatform.list(ground.context())).toMatchObject([{ revision: 'r1', state: 'running', slots: [0] }]);
  expect(await get(url)).toBe(before);
  await ground.serve(ground.request('r1', { slots: [0, 1] }));
  expect(await ground.processes()).toHaveLength(2);
});
