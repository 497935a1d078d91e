import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject, MetricQuery, MetricReading, MetricSource } from '@slipway/core/provider';
import { SlipwayError } from '@slipway/core/provider';
import { openTestPlace } from '@slipway/provider-testkit';
import { expect, onTestFinished } from 'vitest';

/** A server of the test's own; returns its URL. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Asks a source as an analysis does, in an empty folder. */
export async function reads(
  source: MetricSource,
  options: JsonObject,
  query: string,
  more: Partial<MetricQuery> & { signal?: AbortSignal; directory?: string } = {},
): Promise<MetricReading> {
  const place = await openTestPlace();
  const { signal = new AbortController().signal, directory = place.context.directory, ...rest } = more;
  const to = Date.now();
  const from = to - 30_000;
  const asked = { service: 'web', revision: 'web-2', from, to, since: rest.from ?? from, ...rest, query };
  try {
    return await source.read({ ...place.with(signal), directory }, options, asked);
  } finally {
    await place.close();
  }
}

/** The error that a source answers with. */
export async function refusal(work: Promise<unknown>, code: string): Promise<SlipwayError> {
  const error = await work.then(
    (value) => new Error(`Was to be refused with ${code}, but gave ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SlipwayError)) throw error;
  expect(`${error.code}: ${error.message}`).toMatch(new RegExp(`^${code}: `));
  return error;
}
