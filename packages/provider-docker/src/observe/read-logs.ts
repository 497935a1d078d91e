import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, LogLine } from '@slipway/core/provider';
import type { Engine } from '../engine/connect.ts';
import { LABEL } from '../engine/labels.ts';
import { isAbsent } from '../errors.ts';
import { findInstances, type Instance } from '../instance/instance.ts';
import { secretMask } from '../instance/secret-marks.ts';
import { demultiplex } from './demultiplex.ts';
import { LineQueue } from './line-queue.ts';
import { linesOf, type PrintedLine } from './lines-of.ts';
import { Seam } from './seam.ts';
import { tailOf } from './tail-of.ts';

/** How often new containers are looked for while following. */
const LOOK_EVERY_MS = 500;

type LogQuery = { service: string; lines: number; follow: boolean };

/** A container whose lines are read, and what makes a log line of them. */
interface Source {
  instance: Instance;
  toLine(printed: PrintedLine): LogLine;
}

/** The newest lines of all of a service's containers, oldest first, then new ones; secrets that they were given are masked. */
export async function* readLogs(
  context: CallContext,
  engine: Engine,
  { service, lines, follow }: LogQuery,
): AsyncGenerator<LogLine> {
  const sources = await sourcesOf(engine, service);
  const tails = await Promise.all(sources.map(({ instance }) => quietTail(engine, instance, Math.max(lines, 1))));
  const history = tails.flatMap((tail, n) => tail.map((printed) => sources[n]!.toLine(printed)));
  history.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  yield* lines > 0 ? history.slice(-lines) : [];
  if (!follow) return;
  const queue = new LineQueue();
  const followed = sources.map((source, n) =>
    followSource(context, engine, source, { queue, seam: new Seam(tails[n] ?? []) }),
  );
  const known = new Set(sources.map(({ instance }) => instance.id));
  const looking = lookForNew(context, engine, service, { queue, known, followed });
  looking.then(
    () => queue.end(),
    (error: unknown) => queue.end(error),
  );
  yield* queue.lines();
}

async function sourcesOf(engine: Engine, service: string): Promise<Source[]> {
  const instances = await findInstances(engine, { [LABEL.service]: service });
  return (await Promise.all(instances.map((instance) => sourceOf(engine, instance)))).flatMap((one) => one ?? []);
}

async function sourceOf({ docker }: Engine, instance: Instance): Promise<Source | undefined> {
  try {
    const { Config } = await docker.getContainer(instance.id).inspect();
    const mask = secretMask(Config.Env ?? [], instance.labels[LABEL.secrets]);
    const { revision, slot } = instance;
    return { instance, toLine: ({ at, stream, text }) => ({ at, revision, slot, stream, text: mask(text) }) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function quietTail(engine: Engine, { id }: Instance, lines: number): Promise<PrintedLine[]> {
  try {
    return await tailOf(engine, id, lines);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Passes on what a container prints until it is gone; a container that starts again is read on. */
async function followSource(
  context: CallContext,
  { docker }: Engine,
  { instance, toLine }: Source,
  { queue, seam }: { queue: LineQueue; seam: Seam },
): Promise<void> {
  while (!context.signal.aborted) {
    try {
      const stream = await docker
        .getContainer(instance.id)
        .logs({ stdout: true, stderr: true, timestamps: true, follow: true, since: seam.since });
      const isNew = seam.read();
      for await (const printed of linesOf(demultiplex(stream as unknown as AsyncIterable<Buffer>)))
        if (isNew(printed)) await queue.put(toLine(printed));
    } catch (error) {
      if (context.signal.aborted || isAbsent(error)) return;
      throw error;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: context.signal }).catch(() => {});
  }
}

/** Follows the containers that come; ends when aborted, and throws what one of those that are followed throws. */
async function lookForNew(
  context: CallContext,
  engine: Engine,
  service: string,
  { queue, known, followed }: { queue: LineQueue; known: Set<string>; followed: Promise<void>[] },
): Promise<void> {
  const failed = new AbortController();
  let failure: unknown;
  const watch = (one: Promise<void>) =>
    one.catch((error: unknown) => {
      failure ??= error;
      failed.abort();
    });
  for (const one of followed) void watch(one);
  const ended = AbortSignal.any([context.signal, failed.signal]);
  while (!ended.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal: ended }).catch(() => {});
    if (ended.aborted) break;
    const fresh = (await sourcesOf(engine, service)).filter(({ instance }) => !known.has(instance.id));
    for (const source of fresh) {
      known.add(source.instance.id);
      void watch(followSource(context, engine, source, { queue, seam: new Seam([]) }));
    }
  }
  if (failure !== undefined) throw failure;
}
