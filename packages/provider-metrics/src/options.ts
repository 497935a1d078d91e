import { parseDuration } from '@slipway/core/provider';
import { z } from 'zod';

// Patterns let `${…}` through: secrets and variables are put in before a source is asked.

export const urlOption = z.string().regex(/^https?:\/\/|\$\{/, 'must be a URL that begins with http:// or https://');

export const headersOption = z
  .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of a header'), z.string())
  .meta({ description: 'Sent with each request; the place for secrets that a token is not.' });

export const tokenOption = z.string().min(1).meta({
  description: 'Sent as `Authorization: Bearer …`; for example `${secret:METRICS_TOKEN}`.',
});

export const durationOption = z
  .string()
  .refine((text) => text.includes('${') || (parseDuration(text) ?? 0) > 0, 'must be a duration, for example "5s"');

export const timeoutOption = durationOption.meta({
  description: 'For one answer. Never more than the analysis gives: its interval, at least 1s and at most 10s.',
});

/** The headers to send, the token's among them. */
export function headersOf(options: { headers?: Record<string, string> | undefined; token?: string | undefined }) {
  return { ...options.headers, ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }) };
}

/** The call's signal, and the option's time where there is one. */
export function boundedBy(signal: AbortSignal, timeout: string | undefined): AbortSignal {
  const ms = timeout === undefined ? undefined : parseDuration(timeout);
  return ms === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(ms)]);
}
