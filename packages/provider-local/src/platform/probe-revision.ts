import {
  type CallContext,
  checkAddress,
  type HealthCheck,
  type ProbeResult,
  runCommand,
  variantsOf,
} from '@slipway/core/provider';
import { askAgent, callAgent } from '../agent/client.ts';
import { describeExit, HOST } from '../agent/hosted-instance.ts';
import { logFile } from '../agent/log-files.ts';
import type { InstanceStatus, RevisionStatus } from '../agent/protocol.ts';
import { readTail } from './log-tail.ts';

const HINT_LINES = 3;

interface Target {
  service: string;
  revision: string;
  health: HealthCheck;
  /** Where a health command finds it, instead of the instance's own address. */
  url?: string;
  slots?: readonly number[];
}

interface Probed {
  directory: string;
  instance: InstanceStatus;
  url: string;
}

/**
 * One probe of each instance of a revision, past the router. Healthy means that the check passed and that the same
 * process ran before and after it: nobody else on its port can answer for it.
 */
export async function probeRevision(context: CallContext, target: Target): Promise<ProbeResult> {
  const before = await findRevision(context, target);
  const slots = target.slots ?? before?.parts.map(({ slot }) => slot) ?? [];
  if (!before || slots.length === 0) return { kind: 'unhealthy', reason: 'it does not run on this machine' };
  const failures = await Promise.all(slots.map((slot) => probeInstance(context, target, before, slot)));
  const after = await findRevision(context, target);
  const reasons = slots.flatMap((slot, index) => {
    const now = partOf(after, slot);
    const same = now?.state === 'running' && now.pid === partOf(before, slot)?.pid;
    const reason = same ? failures[index] : whyDown(context, target, slot, now);
    if (reason === undefined) return [];
    return slots.length > 1 || slot > 0 ? `instance ${slot}: ${reason}` : reason;
  });
  return reasons.length === 0 ? { kind: 'healthy' } : { kind: 'unhealthy', reason: reasons.join('\n') };
}

async function findRevision(context: CallContext, target: Target): Promise<RevisionStatus | undefined> {
  const found = (await askAgent(context, 'list', { environment: context.environment })) ?? [];
  return found.find(({ service, revision }) => service === target.service && revision === target.revision);
}

const partOf = (revision: RevisionStatus | undefined, slot: number) =>
  revision?.parts.find((part) => part.slot === slot);

/** Undefined: it passed, or doesn't run, which is found out afterwards. */
async function probeInstance(
  context: CallContext,
  target: Target,
  { directory, parts }: RevisionStatus,
  slot: number,
): Promise<string | undefined> {
  const instance = parts.find((part) => part.slot === slot);
  if (instance?.state !== 'running') return undefined;
  return await check(context, target, { directory, instance, url: `http://${HOST}:${instance.port}` });
}

/** Undefined: it passed. Rejects only when the context is aborted. */
async function check(context: CallContext, target: Target, probed: Probed): Promise<string | undefined> {
  const { health } = target;
  const { url } = probed;
  const limit = AbortSignal.timeout(health.timeoutMs);
  const signal = AbortSignal.any([context.signal, limit]);
  try {
    if (health.command !== undefined) return await checkCommand(health.command, { context, target, probed }, signal);
    return await checkAddress(url, health, signal);
  } catch (error) {
    context.signal.throwIfAborted();
    if (limit.aborted) return `no answer within ${health.timeoutMs} ms`;
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ECONNREFUSED' ? `nothing listens on ${new URL(url).host}` : message;
  }
}

/** Runs it as the service itself would: in its folder, with what its process was given. */
async function checkCommand(
  script: string,
  { context, target, probed }: { context: CallContext; target: Target; probed: Probed },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { service, revision } = target;
  const { slot } = probed.instance;
  const name = { environment: context.environment, service, revision, slot };
  const given = await callAgent({ ...context, signal }, 'environment-of', name);
  const env = { ...given.env, SLIPWAY_URL: target.url ?? probed.url };
  const result = await runCommand({ script, cwd: probed.directory, env, signal });
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

function whyDown(context: CallContext, target: Target, slot: number, found: InstanceStatus | undefined): string {
  if (!found) return 'it does not run on this machine';
  if (found.problem !== null) return found.problem;
  // The same number, but not the process that was asked.
  if (found.state === 'running') return 'it was started anew meanwhile';
  if (!found.lastExit) return `it is ${found.state}`;
  if (found.lastExit.reason !== undefined) return found.lastExit.reason;
  const { service, revision } = target;
  const name = { environment: context.environment, service, revision, slot };
  const said = readTail(logFile(context.stateDirectory, name, 'stderr'), HINT_LINES).lines.map(({ text }) => text);
  const restarts = found.restarts > 0 ? `, restarted ${found.restarts} times` : '';
  return [`its process ${describeExit(found.lastExit)}${restarts}`, ...said].join('\n');
}
