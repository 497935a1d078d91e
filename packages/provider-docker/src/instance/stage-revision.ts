import type { CallContext, RevisionRequest, StagedRevision } from '@slipway/core/provider';
import type { Engine } from '../engine/connect.ts';
import { inParallel } from '../engine/in-parallel.ts';
import { LABEL } from '../engine/labels.ts';
import { dropUnusedNetwork } from '../engine/network.ts';
import { publishedAt } from '../engine/published-at.ts';
import { imageOf } from '../image/image-of.ts';
import { valuesOf } from './container-body.ts';
import { ensureInstance } from './ensure-instance.ts';
import { type Instance, instancesOf, urlOf } from './instance.ts';
import { loopbackValues } from './loopback-values.ts';
import { removeInstance } from './remove-instance.ts';
import { requireRunnable } from './require-runnable.ts';

/** So many containers are started or stopped at once. */
const WIDTH = 4;

/** Makes exactly the wanted instances of a revision run; those to be left run on with other values too. Safe to repeat. */
export async function stageRevision(
  context: CallContext,
  engine: Engine,
  request: RevisionRequest,
): Promise<StagedRevision> {
  const { service, revision, slots } = request;
  requireRunnable(request);
  // Refused before anything is made, where the router couldn't reach it.
  publishedAt(engine);
  const there = await instancesOf(engine, service, revision);
  await awaitEnding(context, engine, request, there);
  const found = there.filter(({ isEnding }) => !isEnding);
  const values = valuesOf(request);
  const { leaveRunning = false } = request;
  const isRight = ({ state, labels }: Instance) =>
    state === 'running' && (leaveRunning || labels[LABEL.values] === values);
  const missing = slots.filter((slot) => !found.some((one) => one.slot === slot && isRight(one)));
  if (missing.length > 0) await startMissing(context, engine, { request, found, missing });
  const surplus = found.filter(({ slot }) => !slots.includes(slot));
  if (surplus.length > 0) context.log(`stops ${counted(surplus.length)} of ${service} ${revision}`);
  await inParallel(surplus, WIDTH, ({ id }) => removeInstance(engine, id, { gracefully: true }));
  const [first] = (await instancesOf(engine, service, revision)).filter(({ endpoint }) => endpoint !== undefined);
  return { preview: first ? urlOf(first) : '' };
}

/** Stops and removes all instances of a revision, and the network with the last of all. What is gone already is a success. */
export async function retireRevision(
  context: CallContext,
  engine: Engine,
  { service, revision }: { service: string; revision: string },
): Promise<void> {
  const found = await instancesOf(engine, service, revision);
  await inParallel(found, WIDTH, ({ id }) => removeInstance(engine, id, { gracefully: true }));
  await dropUnusedNetwork(engine);
  const what = found.length === 0 ? 'is gone already' : `is stopped, ${counted(found.length)}`;
  context.log(`${service} ${revision} ${what}`);
}

/** What an earlier run began to end is gone before its number runs anew: it may have the same volumes. */
async function awaitEnding(
  context: CallContext,
  engine: Engine,
  { service, revision }: RevisionRequest,
  there: readonly Instance[],
): Promise<void> {
  const ending = there.filter(({ isEnding }) => isEnding);
  if (ending.length > 0) context.log(`waits for ${counted(ending.length)} of ${service} ${revision} to end`);
  await inParallel(ending, WIDTH, ({ id }) => removeInstance(engine, id, { gracefully: true }));
}

async function startMissing(
  context: CallContext,
  engine: Engine,
  { request, found, missing }: { request: RevisionRequest; found: Instance[]; missing: number[] },
): Promise<void> {
  const image = await imageOf(context, engine, request);
  const inward = loopbackValues(request.env);
  if (inward.length > 0) {
    context.log(
      `${inward.join(', ')} of ${request.service} leads to 127.0.0.1, which in a container is the container itself; ` +
        'the engine’s machine is host.docker.internal there',
    );
  }
  context.log(`starts ${counted(missing.length)} of ${request.service} ${request.revision} from ${image}`);
  await inParallel(missing, WIDTH, (slot) => {
    const existing = found.find((one) => one.slot === slot);
    return ensureInstance(context, engine, { request, slot, image }, existing);
  });
}

const counted = (number: number) => (number === 1 ? '1 instance' : `${number} instances`);
