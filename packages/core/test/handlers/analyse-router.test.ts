import { waitUntil } from '@slipway/provider-testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Metric } from '../../src/config/project.ts';
import { refusal } from '../support/refusal.ts';
import { analysis, comparing, metric } from '../verify/analyses.ts';
import { Analysing, measured } from './analysing.ts';

const until = (what: string, isTrue: () => boolean) => waitUntil(what, async () => isTrue());

describe('the router as a source', () => {
  const routed = (...metrics: Metric[]) =>
    new Analysing(analysis({ intervalMs: 20, metrics, onInconclusive: { kind: 'fail' } }));

  /** Has requests come in for as long as the test lasts. */
  function traffic(come: () => void): void {
    const timer = setInterval(come, 5);
    onTestFinished(() => clearInterval(timer));
  }

  it('counts from when the analysis began: what was before is no measurement', async () => {
    const step = routed(metric());
    step.cluster.traffic.add('web', 'web-2', { requests: 100, errors: 100 });
    traffic(() => step.cluster.traffic.add('web', 'web-2', { requests: 10 }));
    expect(await step.analyse(80)).toMatchObject({ verdict: 'pass' });
  });

  it('finds a fifth of the requests failing, through a restart of the router', async () => {
    const step = routed(metric({ consecutiveFailures: 4 }));
    let came = 0;
    traffic(() => {
      if (++came === 8) step.cluster.traffic.reset();
      step.cluster.traffic.add('web', 'web-2', { requests: 10, errors: 2 });
    });
    const error = await refusal(step.analyse(60_000), 'analysis-failed');
    expect(error.message).toContain('4 measurements in a row failed, the last: 0.2 is above 0.05');
  });

  it('holds latencies against the stable revision', async () => {
    const step = routed(comparing({ name: 'p95', query: 'latencyP95', maxIncrease: 1.5 }));
    traffic(() => {
      step.cluster.traffic.add('web', 'web-1', { requests: 10, latencyMs: 20 });
      step.cluster.traffic.add('web', 'web-2', { requests: 10, latencyMs: 45 });
    });
    const error = await refusal(step.analyse(60_000), 'analysis-failed');
    expect(error.message).toMatch(/p95: 4\d\.\d+ against 2\d\.\d+ of stable is more than 1\.5 times that/);
  });

  it('leaves out what comes in while Slipway itself asks, and counts what comes before and after', async () => {
    const step = routed(metric({ name: 'requests', query: 'requests', fail: { above: 1_000 }, windowMs: 60_000 }));
    const done = step.watch();
    await until('it has measured', () => step.marks.length > 0);
    step.cluster.traffic.add('web', 'web-2', { requests: 7 });
    await step.ownRequests.during('web', async () => {
      step.cluster.traffic.add('web', 'web-2', { requests: 500 });
      const { length } = step.marks;
      await until('it measures meanwhile', () => step.marks.length > length + 1);
    });
    // Left out until they are counted in any case; then it counts again.
    const values = () => measured(step).map(({ value }) => value);
    await until('it counts again', () => {
      step.cluster.traffic.add('web', 'web-2', { requests: 1 });
      return (values().at(-1) ?? 0) > 10;
    });
    step.over.abort();
    await done;
    expect(values()).toContain(7);
    expect(Math.max(...values().map(Number))).toBeLessThan(400);
  });

  it('measures what came between a kill and the next run', async () => {
    const step = routed(metric({ name: 'p95', query: 'latencyP95', fail: { above: 100 } }), metric());
    const come = (errors: number) => step.cluster.traffic.add('web', 'web-2', { requests: 50, errors, latencyMs: 5 });
    step.cluster.beforeTraffic = () => come(0);
    const killed = step.watch();
    await until('it has measured', () => step.marks.length > 3);
    step.stop();
    await expect(killed).rejects.toThrow('stopped');
    const before = step.marks.length;
    step.cluster.beforeTraffic = () => {};
    for (let i = 0; i < 3; i++) come(25);
    const error = await refusal(step.watch(), 'analysis-failed');
    expect(error.message).toContain('0.5 is above 0.05');
    expect(measured(step).slice(before)).toContainEqual(
      expect.objectContaining({ metric: 'errors', samples: 150, gap: { since: expect.any(String), covered: true } }),
    );
  });

  it('says that it lost what came between, where it was killed while Slipway itself asked', async () => {
    const step = routed(metric({ fail: { above: 0.9 } }));
    step.cluster.traffic.add('web', 'web-2', { requests: 50 });
    const killed = step.watch();
    await until('it has measured', () => step.marks.length > 0);
    await step.ownRequests.during('web', async () => step.stop());
    await expect(killed).rejects.toThrow('stopped');
    const before = step.marks.length;
    step.cluster.traffic.add('web', 'web-2', { requests: 50 });
    const done = step.watch();
    await until('it measures again', () => step.marks.length > before);
    step.over.abort();
    await refusal(done, 'analysis-inconclusive');
    expect(measured(step)[before]).toMatchObject({ value: null, gap: { since: expect.any(String), covered: false } });
  });
});
