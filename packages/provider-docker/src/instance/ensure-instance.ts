import { setTimeout as sleep } from 'node:timers/promises';
import { type CallContext, type RevisionRequest, SlipwayError } from '@slipway/core/provider';
import type { Engine } from '../engine/connect.ts';
import { LABEL } from '../engine/labels.ts';
import { onNetwork } from '../engine/network.ts';
import { isAbsent, isNameTaken, isNetworkUnsettled, isRemoved, isTaken, statusOf } from '../errors.ts';
import { containerBody, type Reach, valuesOf } from './container-body.ts';
import type { Instance } from './instance.ts';
import { pickReach } from './pick-reach.ts';
import { removeInstance } from './remove-instance.ts';

const TRIES = 5;
/** How long an engine may take over a container of which it tells nothing but that its name is taken. */
const NAMED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

export interface Wanted {
  request: RevisionRequest;
  slot: number;
  /** By digest or id. */
  image: string;
}

/** A container that was made, or that is left of an earlier try. */
interface Made {
  id: string;
  reach?: Reach;
}

/**
 * Makes one instance run. What runs with the wanted values is left, what was made and not started is started, and what can't be started any
 * more is made anew. Safe to repeat and to kill at any moment: its name is the same each time.
 */
export async function ensureInstance(
  context: CallContext,
  engine: Engine,
  wanted: Wanted,
  found: Instance | undefined,
): Promise<void> {
  const current = found?.labels[LABEL.values] === valuesOf(wanted.request);
  if (found && current && (await isRevived(engine, found))) return;
  if (found) await removeInstance(engine, found.id, { gracefully: !current });
  const refused = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    let made: Made | undefined;
    try {
      made = await makeInstance(context, engine, wanted, refused);
      return await start(engine, made.id);
    } catch (error) {
      // What can't be started is no use to anybody; a repeat makes it again.
      if (made) await removeInstance(engine, made.id, { gracefully: false });
      const again = isTaken(error) || isNetworkUnsettled(error) || (made !== undefined && isRemoved(error));
      if (attempt === TRIES || !again) throw made ? startFailed(wanted, error) : error;
      const { address, published } = made?.reach ?? {};
      for (const one of [address, published?.port]) if (one !== undefined) refused.add(String(one));
    }
  }
}

/** True when it runs now, or is about to. False: it must be made anew. */
async function isRevived(engine: Engine, { id, state }: Instance): Promise<boolean> {
  if (state === 'running' || state === 'restarting') return true;
  if (state === 'removing' || state === 'dead') return false;
  try {
    if (state === 'paused') await engine.docker.getContainer(id).unpause();
    else await start(engine, id);
    return true;
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
    return false; // Its network may be gone, or its address another's.
  }
}

async function start({ docker }: Engine, id: string): Promise<void> {
  try {
    await docker.getContainer(id).start();
  } catch (error) {
    if (statusOf(error) !== 304) throw error; // It runs already.
  }
}

function makeInstance(
  context: CallContext,
  engine: Engine,
  { request, slot, image }: Wanted,
  refused: ReadonlySet<string>,
): Promise<Made> {
  return onNetwork(engine, async (network) => {
    context.signal.throwIfAborted();
    const name = `${request.service} ${request.revision} ${slot}`;
    const reach = await pickReach(engine, network, name, refused);
    const body = containerBody(engine, request, { slot, image, epoch: context.epoch, reach });
    for (const until = Date.now() + NAMED_WITHIN_MS; ; await sleep(LOOK_EVERY_MS, undefined, context)) {
      try {
        return { id: (await engine.docker.createContainer(body)).id, reach };
      } catch (error) {
        const adopted = await adopt(engine, body.name ?? '', body.Labels ?? {});
        if (adopted !== undefined) return { id: adopted };
        // An engine gives the name away before it shows who has it: to another run, or to one that was killed.
        if (!isNameTaken(error) || Date.now() > until) throw error;
      }
    }
  });
}

/** Who has the name, found by looking: engines differ in how they say that it is taken. Undefined: nobody has it. */
async function adopt({ docker }: Engine, name: string, labels: Record<string, string>): Promise<string | undefined> {
  const found = await docker
    .getContainer(name)
    .inspect()
    .catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
  if (!found) return undefined;
  const own = [LABEL.project, LABEL.environment, LABEL.service, LABEL.revision, LABEL.slot];
  if (own.every((label) => found.Config.Labels?.[label] === labels[label])) return found.Id;
  throw new SlipwayError('docker-name-taken', `The container name ${name} is taken by one that Slipway did not make.`, {
    subject: `service:${labels[LABEL.service]}`,
    hint: `Remove or rename it (\`docker rename ${name} …\`), then deploy again.`,
  });
}

function startFailed({ request, slot }: Wanted, error: unknown): unknown {
  const status = statusOf(error);
  if (status === undefined || status >= 500 || isTaken(error)) return error;
  const words = (error as { json?: { message?: string } }).json?.message ?? String(error);
  return new SlipwayError(
    'container-not-startable',
    `Instance ${slot} of ${request.service} ${request.revision} can't be started: ${words}`,
    {
      subject: `service:${request.service}`,
      hint: 'Check `run` and the image: the program must be in it.',
      cause: error,
    },
  );
}
