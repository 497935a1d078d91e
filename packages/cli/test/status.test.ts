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
