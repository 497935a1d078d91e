import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { service } from '../support/declare.ts';
import { type Config, playground } from '../support/playground.ts';
import { begun, everything } from '../support/rolling-out.ts';

// What goes back with the code: the schema, in the right order, and the configuration.

describe('migrations beside a canary', () => {
  const HELD = { steps: [{ weight: 20, hold: '10m' }], baseline: true };

  async function migrated() {
    const play = await playground();
    const [db, log] = [join(play.directory, 'db'), join(play.directory, 'db.log')];
    const migrations = {
      up: 'echo "up $(cat level)" >> $LOG; cp level $DB',
      down: 'echo "down $SLIPWAY_MIGRATION_LEVEL" >> $LOG; echo $SLIPWAY_MIGRATION_LEVEL > $DB',
      status: 'cat $DB 2>/dev/null || echo 0',
    };
    const at = async (level: number, canary: Config) => {
      await play.file('web/level', `${level}\n`);
      await play.config({
        environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
        services: {
          web: service('web', 4000, { instances: 3, migrations, env: { DB: db, LOG: log }, strategy: { canary } }),
        },
      });
    };
    const ran = async () => (existsSync(log) ? (await readFile(log, 'utf8')).trim().split('\n') : []);
    await at(1, HELD);
    expect((await play.deploy()).status).toBe('completed');
    const [old] = Object.keys(play.cluster.routes.web!);
    return { play, at, ran, old: old! };
  }

  it('run once, however many instances, weights and baselines there are', async () => {
    const { play, at, ran } = await migrated();
    await at(2, {
      steps: [
        { weight: 10, hold: '10ms' },
        { weight: 60, hold: '10ms' },
      ],
      baseline: true,
    });
    expect((await play.deploy()).status).toBe('completed');
    expect(await ran()).toEqual(['up 1', 'up 2']);
  });

  it('go down only when all traffic is on the old revision and nothing of the new one runs', async () => {
    const { play, at, ran, old } = await migrated();
    await at(2, HELD);
    const { done } = await begun(play, 'hold-20');
    expect(play.cluster.routes.web![old]).toBeLessThan(100);
    await play.session((slipway) => slipway.control('abort'));
    const report = await done;
    expect(report).toMatchObject({ status: 'rolled_back', rollback: { failed: [] } });
    expect(await ran()).toEqual(['up 1', 'up 2', 'down 1']);
    const back = play.events.flatMap((event) => {
      if (event.kind !== 'journal' || event.event.deployment === report.id) return [];
      const { type, step } = event.event;
      return type === 'step.started' || type === 'step.succeeded' ? [`${type} ${step?.split('/')[1]}`] : [];
    });
    const down = back.findIndex((one) => one.startsWith('step.started migrate-down'));
    const before = back.slice(0, down);
    expect(before).toContain('step.succeeded switch');
    const retired = before.filter((one) => one.startsWith('step.succeeded retire'));
    expect(retired, 'the canary and the baseline').toHaveLength(2);
    expect(play.cluster.routes.web).toEqual({ [old]: 100 });
  });
});

describe('configuration', () => {
  const header = { name: 'x-canary', value: 'yes' };

  it('goes back with the code: environment, instances, routes, affinity and health, as they were', async () => {
    const play = await playground();
    await play.file('web/x', '1');
    const at = (level: string, more: Config): Config => ({
      environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
      services: { web: service('web', 4000, { env: { LEVEL: level }, ...more }) },
    });
    await play.deploy(at('1', { instances: 2 }));
    const before = await everything(play);
    await play.config(
      at('2', {
        instances: 4,
        affinity: { cookie: 'route' },
        strategy: { canary: { steps: [{ weight: 20, header, hold: '10m' }] } },
      }),
    );
    const { done } = await begun(play, 'hold-20');
    expect(play.cluster.distribution('web')!.routes).not.toEqual([]);
    await play.session((slipway) => slipway.control('abort'));
    expect((await done).status).toBe('rolled_back');
    expect(await everything(play)).toEqual(before);
    expect(play.cluster.distribution('web')!.affinity).toBeUndefined();
  });

  it('goes back when only the configuration was new, and the number of instances when only that was', async () => {
    const play = await playground();
    await play.file('web/x', '1');
    const at = (level: string, instances: number, more: Config = {}): Config => ({
      services: { web: service('web', 4000, { instances, env: { LEVEL: level }, ...more }) },
    });
    await play.deploy(at('1', 2));
    const first = await everything(play);
    const health = { http: '/other', interval: '5ms', timeout: '2s', healthyAfter: 1, deadline: '1s' };
    await play.deploy(at('2', 2, { affinity: { cookie: 'route' }, health }));
    expect(play.cluster.distribution('web')).toMatchObject({
      affinity: { cookie: 'route' },
      health: { http: '/other' },
    });
    await play.session((slipway) => slipway.rollback());
    expect(await everything(play)).toEqual(first);
    const again = await play.deploy(at('1', 4));
    expect(again.status).toBe('completed');
    await play.session((slipway) => slipway.rollback());
    expect(await everything(play)).toEqual(first);
  });
});
