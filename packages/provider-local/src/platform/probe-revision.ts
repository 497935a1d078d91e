import { connect } from 'node:net';
import { type CallContext, type HealthCheck, type ProbeResult, runCommand, variantsOf } from '@slipway/core/provider';
import { askAgent, callAgent } from '../agent/client.ts';
import { describeExit } from '../agent/hosted-revision.ts';
import { logFile } from '../agent/log-files.ts';
import type { RevisionStatus } from '../agent/protocol.ts';
import { readTail } from './log-tail.ts';

const HINT_LINES = 3;

interface Target {
  service: string;
  revision: string;
  health: HealthCheck;
  /** Where a health command finds it, instead of the revision's own address. */
  url?: string;
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
async function check(context: CallContext, target: Target, revision: RevisionStatus): Promise<string | undefined> {
  const { health } = target;
  const url = revision.preview;
  const limit = AbortSignal.timeout(health.timeoutMs);
  const signal = AbortSignal.any([context.signal, limit]);
  try {
    if (health.command !== undefined) return await checkCommand(health.command, { context, target, revision }, signal);
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

/** Runs it as the service itself would: in its folder, with what its process was given. */
async function checkCommand(
  script: string,
  { context, target, revision }: { context: CallContext; target: Target; revision: RevisionStatus },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { environment, service, revision: id, directory, preview } = revision;
  const given = await callAgent({ ...context, signal }, 'environment-of', { environment, service, revision: id });
  const env = { ...given.env, SLIPWAY_URL: target.url ?? preview };
  const result = await runCommand({ script, cwd: directory, env, signal });
  if (result.exitCode === 0) return undefined;
  const how = result.endedBy ? `was ended by ${result.endedBy}` : `exited with code ${result.exitCode}`;
  const said = result.tail.slice(-HINT_LINES).map((line) => masked(line, given.secrets));
  return [`the health command ${how}`, ...said].join('\n');
}

/** The secrets of an older revision may be unknown to whoever writes this down. */
function masked(text: string, secrets: readonly string[]): string {
  const forms = [...new Set(secrets.flatMap((secret) => [...variantsOf(secret)]))].sort((a, b) => b.length - a.length);
  return forms.reduce((kept, form) => kept.replaceAll(form, '***'), text);
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
