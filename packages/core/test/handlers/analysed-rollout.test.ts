import { expect, onTestFinished, test } from 'vitest';
import { type Playground, playground } from '../support/playground.ts';

const canary = (version: number) => ({
  environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
  services: {
    web: {
      path: 'web',
      run: 'node server.js',
      port: 4000,
      health: { http: '/', interval: '10ms' },
      env: { VERSION: String(version) },
      strategy: {
        canary: {
          steps: [{ weight: 20, hold: '300ms' }],
          background: false,
          drain: '0s',
          analysis: {
            interval: '50ms',
            onInconclusive: 'fail',
            metrics: [{ name: 'error-rate', query: 'errorRate', failAbove: 0.05 }],
          },
        },
      },
    },
  },
});

/** Sends requests to every revision by its weight, as long as the test lasts; of the canary's, this share fails. */
function traffic(play: Playground, share: number): void {
  const timer = setInterval(() => {
    for (const [revision, weight] of Object.entries(play.cluster.routes.web ?? {})) {
      const errors = weight < 50 ? weight * share : 0;
      if (weight > 0) play.cluster.traffic.add('web', revision, { requests: weight, errors });
    }
  }, 5);
  onTestFinished(() => clearInterval(timer));
}

async function running(): Promise<Playground> {
  const play = await playground();
  await play.file('web/server.js', '');
  expect((await play.deploy(canary(1))).status).toBe('completed');
  return play;
}

test('a canary with a fifth of its requests failing goes back; every measurement is in the journal', async () => {
  const play = await running();
  const before = { ...play.cluster.routes.web };
  traffic(play, 0.2);
  const report = await play.deploy(canary(2));
  expect(report.status).toBe('rolled_back');
  expect(JSON.stringify(report)).toMatch(/error-rate: 0\.2 is above 0\.05/);
  expect(play.cluster.routes.web).toEqual(before);
  const noted = play.events.flatMap((event) =>
    event.kind === 'journal' && event.event.type === 'step.noted' ? [event.event.data.note] : [],
  );
  expect(noted).toContainEqual({ measured: expect.objectContaining({ metric: 'error-rate', verdict: 'fail' }) });
});

test('a sound one completes, and one that nobody asks anything of does not', async () => {
  const silent = await running();
  const report = await silent.deploy(canary(2));
  expect(report.status).toBe('rolled_back');
  expect(JSON.stringify(report)).toContain('is inconclusive');
  const sound = await running();
  traffic(sound, 0);
  expect((await sound.deploy(canary(2))).status).toBe('completed');
});

test('what Slipway itself asks through the router is no traffic', async () => {
  const play = await running();
  // Verified so slowly that the watch measures meanwhile, and once more when it is over.
  const rolling = {
    rolling: {
      drain: '0s',
      pause: '50ms',
      analysis: {
        interval: '50ms',
        onInconclusive: 'fail',
        metrics: [{ name: 'error-rate', query: 'errorRate', failAbove: 0.05 }],
      },
    },
  };
  const config = canary(2);
  const health = { http: '/', interval: '700ms', healthyAfter: 3 };
  const web = { ...config.services.web, instances: 2, health, strategy: rolling };
  let asked = 0;
  play.cluster.onRequest = (service) => {
    asked++;
    for (const [revision, weight] of Object.entries(play.cluster.routes[service] ?? {})) {
      if (weight > 0) play.cluster.traffic.add(service, revision, { requests: 1, latencyMs: 1 });
    }
  };
  const report = await play.deploy({ ...config, services: { web } });
  expect(asked).toBeGreaterThanOrEqual(3);
  expect(JSON.stringify(report)).toContain('nothing was measured conclusively');
  expect(report.status).toBe('rolled_back');
});
