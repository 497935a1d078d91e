import { join } from 'node:path';
import type { EnvironmentInput } from 'slipway';
import { migratesItself } from './migrates-itself.ts';

/** Where HAProxy listens, for people and for containers: these reach this machine by Docker's bridge on Linux. */
const bind = process.platform === 'linux' ? ['127.0.0.1', '${env:DOCKER_BRIDGE:-172.17.0.1}'] : '127.0.0.1';
const sessionKey = join(import.meta.dirname, '../.data/staging/session-key');

/** Containers on this machine's Docker, behind HAProxy. A backend gets the traffic bit by bit, while it is measured. */
export const staging: EnvironmentInput = {
  platform: 'docker',
  router: { use: 'haproxy', bind },
  onFailure: 'rollback',
  tests: 'e2e',
  variables: { STAGE: 'staging', HOST: '0.0.0.0' },
  resources: { banner: { input: 'Staging: like the real shop, without its customers.' } },
  services: {
    backend: {
      ...migratesItself,
      port: 6100,
      instances: 2,
      dependsOn: ['session-key'],
      env: { SLIPWAY_DATA_DIR: '/data', SESSION_KEY_FILE: '/run/secrets/session-key' },
      volumes: ['data:/data', `${sessionKey}:/run/secrets/session-key:ro`],
      strategy: {
        canary: {
          steps: [
            { weight: 20, hold: '10s' },
            { weight: 50, hold: '10s' },
          ],
          analysis: {
            interval: '2s',
            minimumSamples: 10,
            onInconclusive: 'pause',
            metrics: [
              { name: 'error-rate', query: 'errorRate', failAbove: 0.05 },
              { name: 'p95', query: 'latencyP95', failAbove: 500, consecutiveFailures: 2 },
            ],
          },
          drain: '5s',
        },
      },
    },
    admin: { port: 6101, env: { BACKEND_URL: 'http://host.docker.internal:${service:backend.port}' } },
    marketing: { port: 6103, static: null, run: 'exec node src/serve.ts' },
  },
};
