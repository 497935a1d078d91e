import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@slipway/provider-testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { prometheus } from '../src/prometheus.ts';
import { reads, refusal, serve } from './asking.ts';

describe.skipIf(!requirePart('prometheus'))('a real Prometheus', () => {
  let url: string;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    url = await scraping();
  }, 60_000);

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  /** A Prometheus that scrapes a service with two revisions, one of which fails every fifth request. */
  async function scraping(): Promise<string> {
    let asked = 0;
    const service = createServer((_, response) => {
      asked++;
      const lines = ['web-1', 'web-2'].flatMap((revision) => [
        `requests_total{revision="${revision}"} ${asked * 100}`,
        `errors_total{revision="${revision}"} ${revision === 'web-2' ? asked * 20 : 0}`,
      ]);
      response.end(`${lines.join('\n')}\nidle_total 5\n`);
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => service.close(resolve)));
    const directory = await mkdtemp(join(tmpdir(), 'slipway-prometheus-'));
    closing.push(() => rm(directory, { recursive: true, force: true }));
    const target = `127.0.0.1:${(service.address() as AddressInfo).port}`;
    const scrape = `- job_name: web\n    static_configs: [{targets: ["${target}"]}]`;
    await writeFile(
      join(directory, 'prometheus.yml'),
      `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n  ${scrape}\n`,
    );
    const port = await freePort();
    const child = spawn(
      'prometheus',
      [
        `--config.file=${directory}/prometheus.yml`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => child.once('exit', resolve));
    closing.push(() => {
      child.kill('SIGKILL');
      service.closeAllConnections();
      return ended;
    });
    const address = `http://127.0.0.1:${port}`;
    await until(async () => (await fetch(`${address}/-/ready`)).ok);
    await until(async () => ((await reads(prometheus, { url: address }, 'sum(requests_total)')).value ?? 0) > 800);
    return address;
  }

  test('answers a ratio for one revision', async () => {
    const ratio = (revision: string) => {
      const of = (name: string) => `rate(${name}{revision="${revision}"}[30s])`;
      return reads(prometheus, { url }, `sum(${of('errors_total')}) / sum(${of('requests_total')})`);
    };
    expect((await ratio('web-2')).value).toBeCloseTo(0.2, 6);
    expect((await ratio('web-1')).value).toBe(0);
    // Nothing of that name: no data, which is no number at all.
    expect(await ratio('web-3')).toEqual({ value: null, note: 'the query has no result' });
  });

  test('NaN and infinities are no data; a scalar is a number', async () => {
    const idle = await reads(prometheus, { url }, 'sum(rate(idle_total[30s])) / sum(rate(idle_total[30s]))');
    expect(idle).toEqual({ value: null, note: 'the query gives NaN, as 0 divided by 0 does' });
    expect(await reads(prometheus, { url }, 'sum(requests_total) / 0')).toEqual({
      value: null,
      note: 'the query gives +Inf',
    });
    expect(await reads(prometheus, { url: `${url}/` }, 'scalar(sum(idle_total))')).toEqual({ value: 5 });
  });

  test('several series are an error that says so, and so is a range', async () => {
    const ambiguous = await refusal(reads(prometheus, { url }, 'requests_total'), 'metric-query-ambiguous');
    expect(ambiguous.message).toBe('The query gives 2 series; one is needed.');
    await refusal(reads(prometheus, { url }, 'idle_total[5s]'), 'metric-query-ambiguous');
  });

  test('an error in the query is told apart from one of the server', async () => {
    const wrong = await refusal(reads(prometheus, { url }, 'sum(requests_total'), 'metric-query-refused');
    expect(wrong.message).toMatch(/bad_data.*parse error/);
    const elsewhere = await refusal(reads(prometheus, { url: `${url}/nowhere` }, 'up'), 'metric-source-refused');
    expect(elsewhere.message).toContain(`${url}/nowhere/api/v1/query answered 404`);
  });

  test('gives the single values of the window where a step is declared', async () => {
    const from = Date.now() - 1_500;
    const { value, series } = await reads(prometheus, { url, step: '500ms' }, 'sum(requests_total)', { from });
    expect(series?.length).toBeGreaterThanOrEqual(2);
    expect(series).toEqual(series?.toSorted((a, b) => a - b));
    expect(value).toBeGreaterThanOrEqual(series?.at(-1) ?? Number.POSITIVE_INFINITY);
  });
});

test('asks for each single value once, however far a window looks back', async () => {
  const asked: number[] = [];
  const url = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://prometheus');
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(searchParams.get(name)));
    const values: [number, string][] = [];
    for (let at = start!; pathname.endsWith('query_range') && at <= end!; at += step!) values.push([at, '1']);
    asked.push(...values.map(([at]) => at));
    const result = pathname.endsWith('query_range') ? [{ metric: {}, values }] : [{ metric: {}, value: [0, '1'] }];
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  });
  const begun = 1_795_000_003_000;
  const counts: (number | undefined)[] = [];
  for (let since = begun; since < begun + 60_000; since += 10_000) {
    const to = since + 10_000;
    const window = { from: to - 120_000, to, since };
    counts.push((await reads(prometheus, { url, step: '15s' }, 'up', window)).series?.length);
  }
  expect(asked).toEqual([1, 2, 3, 4].map((i) => 1_795_000_000 - (1_795_000_000 % 15) + i * 15));
  // Most windows are shorter than the step: where no value is due, there is none.
  expect(counts.filter((count) => count === 0)).toHaveLength(2);
});

test('asks for no more values than it is answered, after a long time in which nobody measured', async () => {
  const ranges: URLSearchParams[] = [];
  const url = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://prometheus');
    if (pathname.endsWith('query_range')) ranges.push(searchParams);
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } }));
  });
  const to = Date.now();
  await reads(prometheus, { url, step: '1s' }, 'up', { from: to - 7 * 86_400_000, to });
  const of = (name: string) => Number(ranges[0]?.get(name));
  expect((of('end') - of('start')) / of('step')).toBeLessThanOrEqual(1_000);
});

test('sends its token, and tells a broken gateway by status and body', async () => {
  const tokens: unknown[] = [];
  const url = await serve((request, response) => {
    tokens.push(request.headers.authorization);
    response.writeHead(502).end('<h1>Bad Gateway</h1>');
  });
  const error = await refusal(reads(prometheus, { url, token: 't0p' }, 'up'), 'metric-source-refused');
  expect(error.message).toBe(`${url}/api/v1/query answered 502: <h1>Bad Gateway</h1>`);
  expect(tokens).toEqual(['Bearer t0p']);
  await refusal(reads(prometheus, { url: 'http://127.0.0.1:9' }, 'up'), 'metric-source-unreachable');
});

test('its options are held to the schema', () => {
  expect(prometheus.schema.safeParse({}).success).toBe(false);
  expect(prometheus.schema.safeParse({ url: 'prometheus:9090' }).success).toBe(false);
  expect(prometheus.schema.safeParse({ url: 'http://p:9090', step: '15s', token: '${secret:T}' }).success).toBe(true);
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const isTrue = await condition().catch(() => false);
    if (isTrue) return;
    if (Date.now() > deadline) throw new Error('Prometheus did not come up.');
    await sleep(50);
  }
}
