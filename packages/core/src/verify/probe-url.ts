import { connect } from 'node:net';
import type { HealthCheck } from '../config/project.ts';
import type { ProbeResult } from '../provider/contract.ts';

/**
 * One probe of a service where its users reach it: HTTP (status 200 to 399) or a TCP connection. Bounded by the check's timeout; not healthy is a result, not an error.
 */
export async function probeUrl(
  url: string,
  health: Omit<HealthCheck, 'command'>,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(health.timeoutMs)]);
  try {
    if (health.http !== undefined) return await probeByHttp(new URL(health.http, url), bounded);
    return await probeByConnection(new URL(url), bounded);
  } catch (error) {
    signal.throwIfAborted();
    if (bounded.aborted) return { kind: 'unhealthy', reason: `no answer within ${health.timeoutMs} ms` };
    return { kind: 'unhealthy', reason: reasonOf(error) };
  }
}

async function probeByHttp(url: URL, signal: AbortSignal): Promise<ProbeResult> {
  const response = await fetch(url, { signal, redirect: 'manual', headers: { connection: 'close' } });
  await response.body?.cancel();
  if (response.status < 400) return { kind: 'healthy' };
  return { kind: 'unhealthy', reason: `GET ${url.pathname} answered ${response.status}` };
}

async function probeByConnection(url: URL, signal: AbortSignal): Promise<ProbeResult> {
  const socket = connect({ host: url.hostname, port: Number(url.port), signal });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return { kind: 'healthy' };
  } finally {
    socket.destroy();
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
