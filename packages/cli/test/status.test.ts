import type { EnvironmentStatus } from '@slipway/core';
import { expect, test } from 'vitest';
import { renderStatus } from '../src/look/status.ts';
import { plainLook } from './samples.ts';

type Running = EnvironmentStatus['services'][number]['running'][number];

const revision = (name: string, more: Partial<Running> = {}): Running => ({
  service: 'web',
  revision: name,
  state: 'running',
  instances: 3,
  preview: '',
  restarts: 0,
  startedAt: null,
  ...more,
});

/** What stands below RUNNING. */
function shown(running: Running[], instances: Record<string, number>): string {
  const web: EnvironmentStatus['services'][number] = {
    name: 'web',
    url: null,
    version: 'v1',
    revision: 'a',
    weights: { a: 100 },
    instances,
    running,
    traffic: {},
    health: 'healthy',
  };
  const status = { project: 'shop', environment: 'dev', lock: null, latest: null, services: [web], resources: 0 };
  const [head, row] = renderStatus(status, plainLook).slice(-2);
  const from = head!.indexOf('RUNNING');
  return row!.slice(from, from + head!.indexOf('REQUESTS') - from).trim();
}

test('instances are counted, not revisions', () => {
  expect(shown([revision('a')], { a: 3 })).toBe('3 running');
  expect(shown([revision('a'), revision('b', { instances: 1 })], { a: 3, b: 1 })).toBe('4 running');
});

test('those that are missing show, and what is wrong with whom', () => {
  const ill = revision('a', { instances: 1, state: 'restarting', restarts: 2 });
  expect(shown([ill], { a: 3 })).toBe('1 of 3 running, a restarting (2 restarts)');
  expect(shown([revision('a', { instances: 0, state: 'stopped' })], { a: 2 })).toBe('0 of 2 running, a stopped');
  expect(shown([], { a: 2 })).toBe('-');
});

test('of what a person can say to a deployment that waits, a way back is only offered to go on', () => {
  const header: NonNullable<EnvironmentStatus['latest']> = {
    id: 'dep1',
    environment: 'dev',
    kind: 'deploy',
    status: 'waiting',
    project: 'shop',
    ship: 'v1',
    plan: 'p',
    snapshot: 0,
    lastSeq: 1,
    startedAt: '2026-11-22T10:00:00.000Z',
    endedAt: null,
    durationMs: null,
    rollbackOf: null,
    error: null,
    counts: { create: 1, update: 0, replace: 0, delete: 0, none: 0 },
  };
  const offered = (latest: typeof header) => {
    const status = { project: 'shop', environment: 'dev', lock: null, latest, services: [], resources: 0 };
    return renderStatus(status, plainLook)
      .join('\n')
      .match(/slipway \w+/g);
  };
  expect(offered(header)).toEqual(['slipway continue', 'slipway promote', 'slipway abort']);
  expect(offered({ ...header, kind: 'rollback' })).toEqual(['slipway continue']);
});
