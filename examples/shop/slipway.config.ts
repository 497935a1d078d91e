import { defineProject } from 'slipway';
import { fleet } from './environments/fleet.ts';
import { staging } from './environments/staging.ts';

export default defineProject({
  name: 'shop',

  environments: {
    dev: {
      platform: 'local',
      onFailure: 'rollback',
      tests: 'e2e',
      variables: { STAGE: 'dev' },
    },
    // A second copy beside the first, on ports of its own, with every test there is.
    lab: {
      platform: 'local',
      onFailure: 'rollback',
      tests: 'full',
      variables: { STAGE: 'lab' },
      resources: { banner: { input: 'Lab: break what you like.' } },
      services: { backend: { port: 5000 }, admin: { port: 5001 }, marketing: { port: 5003 } },
    },
    staging,
    fleet,
  },

  resources: {
    // Signs order receipts. Made once per environment, kept until the environment is destroyed.
    'session-key': {
      type: 'local:command',
      create: './scripts/make-key.sh',
      read: './scripts/find-key.sh',
      find: './scripts/find-key.sh',
      delete: './scripts/drop-key.sh',
      env: { KEY_FILE: '.data/${var:STAGE}/session-key' },
    },
    // The line on every page of the admin that tells environments apart.
    banner: {
      type: 'core:value',
      input: 'Development: orders here are not real.',
    },
  },

  services: {
    backend: {
      path: 'services/backend',
      shared: ['shared/compile.ts'],
      contract: ['api.json'],
      build: 'npm run build',
      run: 'node dist/server.js',
      port: 4000,
      env: { SESSION_KEY_FILE: '${resource:session-key.path}' },
      migrations: { up: 'npm run migrate', down: 'npm run migrate:down', status: 'node dist/migrate.js status' },
      health: { http: '/healthz', interval: '250ms', timeout: '2s', healthyAfter: 2, deadline: '15s' },
      tests: { smoke: 'npm run smoke', e2e: 'npm run e2e', full: 'npm run full' },
      strategy: 'blue-green',
    },
    admin: {
      path: 'services/admin',
      shared: ['shared'],
      dependsOn: ['backend'],
      build: 'npm run build',
      run: 'node dist/server.js',
      port: 4001,
      env: { BACKEND_URL: '${service:backend.url}', BANNER: '${resource:banner.value}' },
      health: { http: '/healthz', interval: '250ms', timeout: '2s', healthyAfter: 2, deadline: '15s' },
      tests: { smoke: 'npm run smoke', e2e: 'npm run e2e', full: 'npm run full' },
      strategy: 'blue-green',
    },
    // What is advertised can be bought: the site goes live after the backend.
    marketing: {
      path: 'services/marketing',
      shared: ['shared/brand.json'],
      dependsOn: ['backend'],
      build: 'npm run build',
      static: 'dist',
      port: 4003,
      health: { http: '/', interval: '250ms', timeout: '2s', deadline: '15s' },
      tests: { smoke: 'npm run smoke', e2e: 'npm run e2e', full: 'npm run full' },
      strategy: 'blue-green',
    },
  },
});
