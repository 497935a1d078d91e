import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HealthCheck } from '../../src/config/project.ts';
import type { ProbeResult } from '../../src/provider/contract.ts';
import { probeUrl } from '../../src/verify/probe-url.ts';
import { waitHealthy } from '../../src/verify/wait-healthy.ts';
import { refusal } from '../support/refusal.ts';

const health: HealthCheck = {
  http: '/',
  intervalMs: 1,
  timeoutMs: 1_000,
  healthyAfter: 2,
  unhealthyAfter: 3,
  deadlineMs: 200,
};
const never = new AbortController().signal;

function waiting(answers: string, more: Partial<HealthCheck> = {}, signal = never) {
  let asked = 0;
  const probe = async (): Promise<ProbeResult> => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    return answer === '+' ? { kind: 'healthy' } : { kind: 'unhealthy', reason: `no ${asked}` };
  };
  const lines: string[] = [];
  const done = waitHealthy({
    subject: 'web',
    health: { ...health, ...more },
    probe,
    signal,
    log: (line) => lines.push(line),
  });
  return { done, lines };
}

describe('waiting for health', () => {
  it('takes as many successes in a row as asked for', async () => {
    expect(await waiting('++').done).toEqual({ probes: 2 });
    expect(await waiting('-+-++').done).toEqual({ probes: 5 });
    expect(await waiting('+', { healthyAfter: 1 }).done).toEqual({ probes: 1 });
    expect(await waiting('+++', { healthyAfter: 3 }).done).toEqual({ probes: 3 });
  });

  it('ends at the deadline, with the last reason', async () => {
    const { done, lines } = waiting('+-', { deadlineMs: 30 });
    const error = await refusal(done, 'unhealthy');
    expect(error.message).toMatch(/web did not become healthy within 0 s \(\d+ probes\). Last: no \d+/);
    expect(error.hint).toContain('slipway logs web');
    expect(lines[0]).toBe('healthy, 1 of 2');
  });

  it('stops when told to', async () => {
    const stops = new AbortController();
    const { done } = waiting('-', { deadlineMs: 60_000, intervalMs: 60_000 }, stops.signal);
    stops.abort(new Error('enough'));
    await expect(done).rejects.toThrow();
  });
});

describe('a probe from outside', () => {
  async function answering(status: number, afterMs = 0) {
    const server = createServer((_, response) => {
      setTimeout(() => response.writeHead(status).end(), afterMs);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const probe = (url: string, check: Partial<HealthCheck>) => probeUrl(url, { ...health, ...check }, never);

  it('by HTTP is healthy from 200 to 399', async () => {
    for (const status of [200, 204, 302, 399]) expect((await probe(await answering(status), {})).kind).toBe('healthy');
    expect(await probe(await answering(503), {})).toEqual({ kind: 'unhealthy', reason: 'GET / answered 503' });
  });

  it('is bounded in time', async () => {
    const url = await answering(200, 5_000);
    expect(await probe(url, { timeoutMs: 50 })).toEqual({ kind: 'unhealthy', reason: 'no answer within 50 ms' });
  });

  it('by connection needs no answer, and tells when nobody listens', async () => {
    const { http: _, ...tcp } = { ...health, tcp: true as const };
    expect((await probeUrl(await answering(500), tcp, never)).kind).toBe('healthy');
    expect(await probeUrl('http://127.0.0.1:1', tcp, never)).toMatchObject({
      kind: 'unhealthy',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
