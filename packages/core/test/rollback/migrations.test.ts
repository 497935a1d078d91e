import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import type { DeploymentReport } from '../../src/report/report.ts';
import { service } from '../support/declare.ts';
import { type Playground, playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

const rollback = (play: Playground, options = {}) => play.session((slipway) => slipway.rollback(options));

async function completed(report: Promise<DeploymentReport>): Promise<DeploymentReport> {
  const done = await report;
  expect(done.error).toBeUndefined();
  expect(done.status).toBe('completed');
  return done;
}

describe('migrations', () => {
  /** A "database" in files: `up` brings it to the level that the source names, `down` back to the one it is told. */
  async function migrated(more: object = {}, status = true) {
    const play = await playground();
    const db = join(play.directory, 'db');
    const log = join(play.directory, 'db.log');
    const migrations = {
      up: 'echo "up to $(cat level)" >> $LOG; cp level $DB',
      down: 'echo "down to $SLIPWAY_MIGRATION_LEVEL from $(cat level)" >> $LOG; echo $SLIPWAY_MIGRATION_LEVEL > $DB',
      ...(status ? { status: 'cat $DB 2>/dev/null || echo 0' } : {}),
      ...more,
    };
    const config = (level: number, extra: object = {}) => ({
      environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
      services: { api: service('api', 4000, { migrations, env: { DB: db, LOG: log, LEVEL: `${level}` }, ...extra }) },
    });
    const at = async (level: number, extra: object = {}) => {
      await play.file('api/level', `${level}\n`);
      return await play.deploy(config(level, extra));
    };
    const ran = async () => (existsSync(log) ? (await readFile(log, 'utf8')).trim().split('\n') : []);
    const level = async () => (await readFile(db, 'utf8').catch(() => '0')).trim();
    return { play, at, ran, level, config };
  }

  it('go down when what came after them fails, to the level from before', async () => {
    const { play, at, level, ran } = await migrated();
    await completed(at(1));
    play.cluster.isIll = ({ env }) => env.LEVEL === '2';
    expect((await at(2)).status).toBe('rolled_back');
    expect(await level()).toBe('1');
    expect(await ran()).toEqual(['up to 1', 'up to 2', 'down to 1 from 2']);
  });

  it('go down in reverse order, each with the artifact and level of its own', async () => {
    const { play, at, ran, level } = await migrated();
    await completed(at(1));
    const first = await play.session((slipway) => slipway.report());
    await completed(at(2));
    await completed(at(3));
    await completed(rollback(play, { to: first.id }));
    expect((await ran()).slice(3)).toEqual(['down to 2 from 3', 'down to 1 from 2']);
    expect(await level()).toBe('1');
  });

  it('go down also when the first deployment broke before any revision ran', async () => {
    const { play, at, level } = await migrated();
    play.fault = ({ call }) => (call === 'stage' ? new Error('no room') : undefined);
    const report = await at(1);
    expect(report).toMatchObject({ status: 'rolled_back', error: { message: 'no room' } });
    expect(await level()).toBe('0');
    expect(report.rollback).toMatchObject({ destroyed: ['service:api'], failed: [] });
  });

  it('of an earlier failed deployment stay where they were', async () => {
    const { play, at, level, config } = await migrated();
    await completed(at(1));
    play.fault = ({ call }) => (call === 'stage' ? new Error('no room') : undefined);
    await play.file('api/level', '2\n');
    expect((await play.deploy(config(2), { onFailure: 'stop' })).status).toBe('failed');
    expect(await level()).toBe('2');
    // The snapshot of the next one has level 2, and that is what its rollback restores.
    expect((await at(3)).status).toBe('rolled_back');
    expect(await level()).toBe('2');
    play.fault = () => undefined;
  });

  it('without a way down are refused, and forward-only ones are warned of and left', async () => {
    const { play, at, level } = await migrated({ down: undefined });
    const refused = await refusal(at(1), 'migration-irreversible');
    expect(refused.hint).toContain('forwardOnly');
    expect(play.effects()).toEqual([]);

    const forward = await migrated({ down: undefined, forwardOnly: true });
    await forward.play.file('api/level', '1\n');
    const plan = await forward.play.plan(forward.config(1));
    expect(plan.warnings).toContainEqual(expect.objectContaining({ code: 'not-reversible', subject: 'service:api' }));
    await completed(forward.at(1));
    await completed(forward.at(2));
    await completed(rollback(forward.play));
    expect(await forward.level()).toBe('2');
    expect(await level()).toBe('0');
  });

  it('that broke off are settled by their status command, and are in doubt without one', async () => {
    const told = await migrated();
    await completed(told.at(1));
    const dies = new AbortController();
    await told.play.file('api/level', '2\n');
    const kill = dies.signal;
    await told.play.session(async (slipway) => {
      slipway.on((event) => {
        if (event.kind === 'journal' && event.event.type === 'step.noted') dies.abort();
      });
      await slipway.deploy({ kill });
    });
    await completed(told.play.session((slipway) => slipway.resume()));
    expect(await told.level()).toBe('2');

    const silent = await migrated({}, false);
    const dead = new AbortController();
    await silent.play.file('api/level', '1\n');
    await silent.play.config(silent.config(1));
    await silent.play.session(async (slipway) => {
      slipway.on((event) => {
        if (event.kind === 'journal' && event.event.type === 'step.noted') dead.abort();
      });
      await slipway.deploy({ kill: dead.signal });
    });
    const doubtful = await silent.play.session((slipway) => slipway.resume());
    expect(doubtful).toMatchObject({ status: 'failed', error: { code: 'in-doubt' } });
    expect(doubtful.steps.find(({ id }) => id === 'service:api/migrate')).toMatchObject({
      status: 'unknown',
      look: expect.stringContaining('look in its database'),
    });
    await completed(silent.play.session((slipway) => slipway.resume({ done: ['service:api/migrate'] })));
  });

  it('that fail half-way are taken down from where they came to, and what was migrated before them, in reverse', async () => {
    const play = await playground();
    const log = join(play.directory, 'log');
    const services = Object.fromEntries(
      ['a', 'b', 'c'].map((name, index) => {
        const level = join(play.directory, `level-${name}`);
        const migrations = {
          status: `cat ${level} 2>/dev/null || echo 0`,
          up: `for n in 1 2 3; do if [ ${name}$n = b2 ]; then exit 1; fi; echo $n > ${level}; echo ${name} up $n >> ${log}; done`,
          // The one that must go first takes its time.
          down: `sleep ${index / 3}; for n in 3 2 1; do if [ $n -le $(cat ${level}) ]; then echo ${name} down $n >> ${log}; fi; done; echo $SLIPWAY_MIGRATION_LEVEL > ${level}`,
        };
        const dependsOn = index === 0 ? [] : [['a', 'b'][index - 1]];
        return [name, service(name, 4001 + index, { migrations, dependsOn })];
      }),
    );
    for (const name of Object.keys(services)) await play.file(`${name}/x`, 'x');
    const report = await play.deploy({
      environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
      services,
    });
    expect(report).toMatchObject({
      status: 'rolled_back',
      error: { code: 'command-failed' },
      rollback: { failed: [] },
    });
    expect((await readFile(log, 'utf8')).trim().split('\n')).toEqual([
      ...['a up 1', 'a up 2', 'a up 3', 'b up 1'],
      ...['b down 1', 'a down 3', 'a down 2', 'a down 1'],
    ]);
    expect(await play.session((slipway) => slipway.state())).toEqual(new Map());
  });

  it('without a status: that one runs its way down in any case is said in the plan, what a failed one left in its error', async () => {
    const { play, at, config } = await migrated({ up: 'test $(cat level) != 2' }, false);
    const warned = (plan: Plan) =>
      plan.warnings.filter(({ code }) => code === 'migration').map(({ subject }) => subject);
    await play.file('api/level', '1\n');
    expect(warned(await play.plan(config(1)))).toEqual([]);
    await completed(at(1));
    await play.file('api/level', '2\n');
    expect(warned(await play.plan(config(2)))).toEqual(['service:api']);
    const report = await at(2);
    expect(report).toMatchObject({ status: 'rolled_back', error: { code: 'migration-broke-off' } });
    expect(report.error!.hint).toContain('migrations.status');

    const told = await migrated();
    await completed(told.at(1));
    expect(warned(await told.play.plan(told.config(2)))).toEqual([]);
  });
});
