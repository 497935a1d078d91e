import type { IncomingHttpHeaders } from 'node:http';
import { expect, test } from 'vitest';
import { http } from '../src/http.ts';
import { reads, refusal, serve } from './asking.ts';

test('reads the value, its samples and series where the options say they are', async () => {
  const asked: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const url = await serve(({ url, headers }, response) => {
    asked.push({ url, headers });
    response.end(JSON.stringify({ rows: [{ p95: 12.5, n: 80, all: [1, 2] }], value: 3 }));
  });
  const options = { url: `${url}/stats`, value: 'rows.0.p95', samples: 'rows.0.n', series: 'rows.0.all', token: 't0p' };
  expect(await reads(http, options, '?revision=web-2')).toEqual({ value: 12.5, samples: 80, series: [1, 2] });
  expect(asked[0]?.url).toBe('/stats?revision=web-2');
  expect(asked[0]?.headers.authorization).toBe('Bearer t0p');
  // A query may say itself where to look, and be all there is.
  expect(await reads(http, { url }, '/any#rows.0.n')).toEqual({ value: 80 });
  expect(await reads(http, {}, `${url}/any`)).toEqual({ value: 3 });
});

test('no data is null with a reason, never a number', async () => {
  const url = await serve((_, response) => response.end('{"value": null, "list": []}'));
  expect(await reads(http, { url }, '/')).toEqual({ value: null });
  expect(await reads(http, { url }, '/#list.0.rate')).toEqual({
    value: null,
    note: 'the answer has nothing at list.0.rate',
  });
  expect(await reads(http, { url }, '/#constructor')).toMatchObject({ value: null });
});

test('an answer that is none is an error of the source, with status and the start of the body', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/text') response.end('<html>Please log in</html>');
    else if (request.url === '/word') response.end('{"value": "12"}');
    else response.writeHead(503).end('the database\n is away');
  });
  const refused = await refusal(reads(http, { url }, '/x?key=s3cret'), 'metric-source-refused');
  expect(refused.message).toBe(`${url}/x answered 503: the database is away`);
  expect((await refusal(reads(http, { url }, '/text'), 'metric-answer-invalid')).message).toContain('Please log in');
  expect((await refusal(reads(http, { url }, '/word'), 'metric-answer-invalid')).message).toContain('"12"');
  await refusal(reads(http, {}, '/x'), 'metric-query-invalid');
});

test('a source that cannot be reached, or hangs, is an error and shows no credentials', async () => {
  const gone = await refusal(reads(http, { url: 'http://ann:s3cret@127.0.0.1:9' }, '/x'), 'metric-source-unreachable');
  expect(gone.message).toContain('http://127.0.0.1:9/x could not be asked');
  expect(JSON.stringify([gone.message, gone.hint])).not.toContain('s3cret');
  const url = await serve(() => {});
  await expect(reads(http, { url, timeout: '50ms' }, '/')).rejects.toThrow(/timeout/);
  await expect(reads(http, { url }, '/', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});

test('user and password of the url are sent as such', async () => {
  const url = await serve((request, response) => {
    response.end(JSON.stringify({ value: request.headers.authorization === `Basic ${btoa('ann:p w')}` ? 1 : 0 }));
  });
  expect(await reads(http, { url: url.replace('//', '//ann:p%20w@') }, '/')).toEqual({ value: 1 });
});

test('options are held to the schema', () => {
  expect(http.schema.safeParse({ url: 'ftp://x' }).success).toBe(false);
  expect(http.schema.safeParse({ timeout: '5' }).success).toBe(false);
  expect(http.schema.safeParse({ urls: 'http://x' }).success).toBe(false);
  expect(http.schema.safeParse({ url: '${env:METRICS_URL}', token: '${secret:TOKEN}', timeout: '5s' }).success).toBe(
    true,
  );
});
