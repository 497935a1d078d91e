import { connect } from 'node:net';
import {
  baseEnvironment,
  type CallContext,
  type HealthCheck,
  type ProbeResult,
  runCommand,
} from '@slipway/core/provider';
import { askAgent } from '../agent/client.ts';
import { describeExit } from '../agent/hosted-revision.ts';
import { logFile } from '../agent/log-files.ts';
import type { RevisionStatus } from '../agent/protocol.ts';
import { readTail } from './log-tail.ts';

const HINT_LINES = 3;

interface Target {
  service: string;
  revision: string;
  health: HealthCheck;
}

/**
 * One probe of a revision, past the router. Healthy means that the check passed and that the same process
 * ran before and after it: nobody else on its port can answer for it.
 */
export async function probeRevision(context: CallContext, target: Target): Promise<ProbeResult> {
  const before = await findRevision(context, target);
  if (before?.state !== 'running') return { kind: 'unhealthy', reason: whyDown(context, target, before) };
  const failure = await check(context, target, before);
  const after = await findRevision(context, target);
  if (after?.state !== 'running' || after.pid !== before.pid) {
    return { kind: 'unhealthy', reason: whyDown(context, target, after) };
  }
  return failure === undefined ? { kind: 'healthy' } : { kind: 'unhealthy', reason: failure };
}

async function findRevision(context: CallContext, target: Target): Promise<RevisionStatus | undefined> {
  const found = (await askAgent(context, 'list', { environment: context.environment })) ?? [];
  return found.find(({ service, revision }) => service === target.service && revision === target.revision);
}

/** Undefined: it passed. Rejects only when the context is aborted. */
async function check(context: CallContext, { health }: Target, revision: RevisionStatus): Promise<string | undefined> {
  const url = revision.preview;
  const limit = AbortSignal.timeout(health.timeoutMs);
  const signal = AbortSignal.any([context.signal, limit]);
  try {
    if (health.command !== undefined) return await checkCommand(health.command, revision, signal);
    if (health.http !== undefined) return await checkHttp(new URL(health.http, url), signal);
    return await checkTcp(new URL(url), signal);
  } catch (error) {
    context.signal.throwIfAborted();
    if (limit.aborted) return `no answer within ${health.timeoutMs} ms`;
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ECONNREFUSED' ? `nothing listens on ${new URL(url).host} yet` : message;
  }
}

async function checkHttp(url: URL, signal: AbortSignal): Promise<string | undefined> {
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, signal }, (response) => {
      const status = response.statusCode ?? 0;
      response.once('error', reject);
      response.once('end', () =>
        resolve(status >= 200 && status < 400 ? undefined : `${url.pathname} answered ${status}`),
      );
      response.resume();
    });
    sent.once('error', reject);
    sent.end();
  });
}

function checkTcp(url: URL, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}

async function checkCommand(
  script: string,
  { environment, service, revision, directory, preview }: RevisionStatus,
  signal: AbortSignal,
): Promise<string | undefined> {
  const result = await runCommand({
    script,
    cwd: directory,
    env: {
      ...baseEnvironment(),
      SLIPWAY_URL: preview,
      SLIPWAY_ENVIRONMENT: environment,
      SLIPWAY_SERVICE: service,
      SLIPWAY_REVISION: revision,
    },
    signal,
  });
  if (result.exitCode === 0) return undefined;
  const how = result.endedBy ? `was ended by ${result.endedBy}` : `exited with code ${result.exitCode}`;
  return [`the health command ${how}`, ...result.tail.slice(-HINT_LINES)].join('\n');
}

function whyDown(context: CallContext, target: Target, found: RevisionStatus | undefined): string {
  if (!found) return 'it does not run on this machine';
  if (found.problem !== null) return found.problem;
  if (!found.lastExit) return `it is ${found.state}`;
  if (found.lastExit.reason !== undefined) return found.lastExit.reason;
  const name = { environment: context.environment, service: target.service, revision: target.revision };
  const said = readTail(logFile(context.stateDirectory, name, 'stderr'), HINT_LINES).lines.map(({ text }) => text);
  const restarts = found.restarts > 0 ? `, restarted ${found.restarts} times` : '';
  return [`its process ${describeExit(found.lastExit)}${restarts}`, ...said].join('\n');
}
