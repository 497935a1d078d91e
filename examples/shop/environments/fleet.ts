import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentInput } from 'slipway';
import { migratesItself } from './migrates-itself.ts';

/** What `npm run walk hosts up` writes: the options of the platform, and this machine's address among the hosts. */
interface Inventory {
  platform: Record<string, unknown>;
  router: string;
}

const file = join(import.meta.dirname, '../.data/fleet/inventory.json');

/** Stands here until there are hosts: addresses that belong to nobody (RFC 5737). */
const placeholder: Inventory = {
  platform: { user: 'deploy', hosts: { web1: '192.0.2.11', web2: '192.0.2.12', web3: '192.0.2.13' } },
  router: '127.0.0.1',
};

const inventory = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Inventory) : placeholder;

/** One host after the other, while it is measured: the first pages of a bad release take all hosts back. */
const rolling = {
  rolling: {
    batch: 1,
    maxSurge: 1,
    pause: '4s',
    drain: '5s',
    analysis: {
      interval: '2s',
      minimumSamples: 10,
      metrics: [{ name: 'error-rate', query: 'errorRate', failAbove: 0.05 }],
    },
  },
};

/** Three hosts over SSH, behind a HAProxy on this machine. */
export const fleet: EnvironmentInput = {
  platform: { use: 'ssh', ...inventory.platform },
  router: { use: 'haproxy', bind: inventory.router },
  onFailure: 'rollback',
  tests: 'e2e',
  variables: { STAGE: 'fleet' },
  resources: { 'session-key': null, banner: { input: 'Fleet: three hosts.' } },
  services: {
    // One host keeps the database, and runs the only backend.
    backend: {
      ...migratesItself,
      port: 7000,
      instances: 1,
      env: { SESSION_KEY_FILE: '', SESSION_KEY: '${secret:SHOP_SESSION_KEY}' },
    },
    admin: { port: 7001, strategy: rolling },
    marketing: { port: 7003, static: null, run: 'exec node src/serve.ts', strategy: 'rolling' },
  },
};
