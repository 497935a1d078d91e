import type { DeploymentReport } from '@slipway/core';
import { type LoadReport, startLoad } from '@slipway/provider-testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../require.ts';
import { expectAsRecorded } from './as-recorded.ts';
import { PAIRS } from './pairs.ts';
import { type Release, RolloutProject } from './rollout-project.ts';

// The same strategies mean the same, whatever runs the revisions and whatever distributes the traffic. The tests of a
// pair build on one another: each brings out a version after the one that the test before left.

const analysis = {
  metrics: [{ name: 'errors', query: 'errorRate', failAbove: 0.05 }],
  interval: '500ms',
  minimumSamples: 5,
};
const drain = '10s';
const held = {
  drain,
  analysis,
  steps: [
    { weight: 10, hold: '2s' },
    { weight: 50, hold: '2s' },
  ],
};
const manual = {
  drain,
  steps: [
    { weight: 20, pause: true },
    { weight: 60, pause: true },
  ],
};

describe.each(PAIRS)('$name', (pair) => {
  const lacks = pair.needs.filter((part) => !requirePart(part));
  const check = test.skipIf(lacks.length > 0);
  let project: RolloutProject;
  beforeAll(async () => {
    if (lacks.length > 0) return;
    project = await RolloutProject.make(pair);
    const report = await project.deploy({ version: 'v1', strategy: { 'blue-green': { drain } } });
    expect(report, whyOf(report)).toMatchObject({ status: 'completed' });
  }, 120_000);
  afterAll(async () => {
    expect(await project?.remove()).toEqual(project && []);
  }, 120_000);

  /** Does it while users come in, and leaves the service as recorded with this version in front. */
  async function underLoad(version: string, work: () => Promise<DeploymentReport>, status = 'completed') {
    const load = startLoad(project.url);
    let seen: LoadReport;
    let report: DeploymentReport;
    try {
      report = await work();
    } finally {
      seen = await load.stop();
    }
    expect(seen).toMatchObject({ reasons: {}, failed: 0 });
    expect(report, whyOf(report)).toMatchObject({ status });
    await expectAsRecorded(project, version);
    return seen;
  }
  const deploy = (release: Release) => () => project.deploy(release);

  check('rolling replaces the instances one after another', async () => {
    const strategy = { rolling: { batch: 1, maxSurge: 1, drain } };
    const seen = await underLoad('v2', deploy({ version: 'v2', strategy }));
    expect(seen).toMatchObject({ errors: {} });
    expect(Object.keys(seen.answered).sort()).toEqual(['v1', 'v2']);
  });

  check('blue-green moves all users at once, after the new revision was ready', async () => {
    const strategy = { 'blue-green': { drain, keepOld: false } };
    expect(await underLoad('v3', deploy({ version: 'v3', strategy }))).toMatchObject({ errors: {} });
  });

  check('a good canary gets more step by step, and then all', async () => {
    const seen = await underLoad('v4', deploy({ version: 'v4', strategy: { canary: held } }));
    expect(seen).toMatchObject({ errors: {} });
  });

  check('a canary that fails a fifth of its requests goes back by itself', async () => {
    const release = { version: 'v5', strategy: { canary: held }, env: { FAIL_PERCENT: '20' } };
    const seen = await underLoad('v4', deploy(release), 'rolled_back');
    expect(Object.keys(seen.errors)).toEqual(['v5']);
    expect(seen.answered.v5! / seen.requests).toBeLessThan(0.2);
  });

  check('a canary that waits is taken back from another terminal', async () => {
    const work = async () => {
      const running = project.deploy({ version: 'v6', strategy: { canary: manual } });
      await Promise.race([project.untilItWaits(), running]);
      await project.session((slipway) => slipway.control('abort'));
      return await running;
    };
    expect(await underLoad('v4', work, 'rolled_back')).toMatchObject({ errors: {} });
  });

  check('a canary that waits is promoted from another terminal', async () => {
    const seen = await underLoad('v7', async () => {
      const running = project.deploy({ version: 'v7', strategy: { canary: manual } });
      await Promise.race([project.untilItWaits(), running]);
      await project.session((slipway) => slipway.control('promote'));
      return await running;
    });
    expect(seen).toMatchObject({ errors: {} });
  });

  check('what was promoted is taken back afterwards', async () => {
    const back = () => project.session((slipway) => slipway.rollback());
    expect(await underLoad('v4', back)).toMatchObject({ errors: {} });
  });
});

/** For whoever reads that a rollout ended otherwise: which steps didn't succeed, and what they said. */
function whyOf({ status, error, steps, rollback }: DeploymentReport): string {
  const failed = steps.filter((step) => step.error).map((step) => [step.id, step.status, step.error]);
  return JSON.stringify({ status, error, failed, rollback });
}
