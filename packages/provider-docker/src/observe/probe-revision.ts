import { type CallContext, checkAddress, type HealthCheck, type ProbeResult } from '@slipway/core/provider';
import type { Engine } from '../engine/connect.ts';
import { LABEL } from '../engine/labels.ts';
import { engineError, isAbsent } from '../errors.ts';
import { type Instance, instancesOf } from '../instance/instance.ts';
import { secretMask } from '../instance/secret-marks.ts';
import { runInContainer } from './run-in-container.ts';
import { lastLines } from './tail-of.ts';

export interface ProbeTarget {
  service: string;
  revision: string;
  health: HealthCheck;
  /** What a health command is told instead of the revision's own address. */
  url?: string;
  slots?: readonly number[];
}

/** One probe of each instance, past the router. Healthy when all of them are, and there is at least one. */
export async function probeRevision(context: CallContext, engine: Engine, target: ProbeTarget): Promise<ProbeResult> {
  const { service, revision, slots } = target;
  const found = (await instancesOf(engine, service, revision)).filter(({ isEnding }) => !isEnding);
  const asked = slots ?? found.map(({ slot }) => slot);
  if (asked.length === 0) return { kind: 'unhealthy', reason: `no container of ${service} ${revision} exists` };
  const failures = await Promise.all(
    asked.map(async (slot) => {
      const instance = found.find((one) => one.slot === slot);
      const failure = instance
        ? await probeInstance(context, engine, { target, instance })
        : 'its container does not exist';
      return failure === undefined ? [] : [asked.length === 1 ? failure : `instance ${slot}: ${failure}`];
    }),
  );
  const [first, ...more] = failures.flat();
  if (first === undefined) return { kind: 'healthy' };
  return { kind: 'unhealthy', reason: more.length === 0 ? first : `${first} (and ${more.length} more)` };
}

interface Probed {
  target: ProbeTarget;
  instance: Instance;
}

/** Undefined: it is healthy. Rejects when the context is aborted or the engine can't be asked. */
async function probeInstance(
  context: CallContext,
  engine: Engine,
  { target, instance }: Probed,
): Promise<string | undefined> {
  // It may run again by now, but it did not when it was looked for: that it crashes again and again is not health.
  if (instance.state !== 'running') return (await whyDown(engine, instance)) ?? 'its process is starting anew';
  const { timeoutMs } = target.health;
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([context.signal, limit]);
  try {
    return await check({ target, instance }, engine, signal);
  } catch (error) {
    context.signal.throwIfAborted();
    const down = await whyDown(engine, instance);
    if (down !== undefined) return down;
    if (limit.aborted) return `no answer within ${timeoutMs} ms`;
    return wordsFor(error, { target, instance }, engine);
  }
}

async function check({ target, instance }: Probed, engine: Engine, signal: AbortSignal): Promise<string | undefined> {
  const { health, url } = target;
  if (health.command !== undefined) {
    return await runInContainer(engine, instance, {
      command: health.command,
      url,
      timeoutMs: health.timeoutMs,
      signal,
    });
  }
  const { endpoint } = instance;
  if (!endpoint) return 'its container has no address on the network';
  return await checkAddress(`http://${endpoint.host}:${endpoint.port}`, health, signal);
}

function wordsFor(error: unknown, { target, instance }: Probed, engine: Engine): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (target.health.command !== undefined) throw engineError(error, engine, `service:${target.service}`);
  const { host, port } = instance.endpoint ?? { host: '', port: 0 };
  return code === 'ECONNREFUSED' ? `nothing listens on ${host}:${port} yet` : message;
}

/** Undefined when it runs. */
async function whyDown(engine: Engine, { id, labels }: Instance): Promise<string | undefined> {
  try {
    const { State, Config, RestartCount } = await engine.docker.getContainer(id).inspect();
    if (State.Status === 'running') return undefined;
    if (State.Status === 'created') return 'its container was made and never started';
    const how = State.OOMKilled
      ? 'was ended for using more memory than its limit'
      : `ended with exit code ${State.ExitCode}`;
    const restarts = RestartCount > 0 ? `, restarted ${RestartCount === 1 ? 'once' : `${RestartCount} times`}` : '';
    const mask = secretMask(Config.Env ?? [], labels[LABEL.secrets]);
    const said = (await lastLines(engine, id)).map(mask);
    return [`its process ${how}${restarts}`, ...said].join('\n');
  } catch (error) {
    if (isAbsent(error)) return 'its container does not exist';
    throw error;
  }
}
