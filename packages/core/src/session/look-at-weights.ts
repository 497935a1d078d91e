import { type Address, nameOf } from '../address.ts';
import type { UnseenWeights } from '../plan/facts.ts';
import type { CallContext, Platform, Router, RunningRevision } from '../provider/contract.ts';
import type { ServiceRecord } from '../state/record.ts';
import { lookWithin } from './look-within.ts';
import type { Workspace } from './workspace.ts';

/** How many services are asked about at once. */
const AT_ONCE = 20;
/** How long the routers may take to tell of all of them. */
const LOOK_WITHIN_MS = 20_000;

type Running = ReadonlyMap<string, readonly RunningRevision[]>;

export interface WeightsLook {
  /** As listed, each weight as its router has it; without one where that is not known. */
  running: Running;
  /** What could not be asked. */
  unseen: UnseenWeights[];
}

interface Question {
  address: Address;
  /** Undefined: not the environment's any more, whose options it would need. */
  router: Router | undefined;
}

/** Where services run and who distributes, with what was listed. */
interface Around {
  platform: Platform;
  /** The environment's. */
  router: Router | undefined;
  running: Running;
}

/**
 * Asks the routers of what runs how they distribute. A platform's own is not asked where the list tells already; the
 * list of a platform says nothing of another's router. Looks only; never throws, never takes longer than 20 s.
 */
export async function lookAtWeights(
  workspace: Workspace,
  around: Around,
  context: CallContext,
  records: readonly ServiceRecord[],
): Promise<WeightsLook> {
  const questions = records.flatMap((record) => questionOf(workspace, around, record) ?? []);
  const { told, why } = await askAll(questions, context);
  const running = new Map(around.running);
  for (const { address } of questions) {
    const name = nameOf(address);
    const listed = running.get(name) ?? [];
    running.set(
      name,
      listed.map((one) => withWeight(one, told.get(address))),
    );
  }
  return { running, unseen: unseenOf(questions, told, (address) => workspace.redactor.text(why(address))) };
}

function questionOf(
  { registry }: Workspace,
  { platform, router: now, running }: Around,
  { address, weights, router: recorded }: ServiceRecord,
): Question | undefined {
  const listed = running.get(nameOf(address)) ?? [];
  if (listed.length === 0 || Object.keys(weights).length === 0) return undefined;
  const router = registry.routerFor(platform, recorded);
  if (!router) return undefined;
  const isOwn = router.name === platform.router?.name;
  if (isOwn && listed.every(({ weight }) => weight !== undefined)) return undefined;
  return { address, router: router.name === now?.name ? router : undefined };
}

interface Answers {
  told: ReadonlyMap<Address, Readonly<Record<string, number>>>;
  why(address: Address): string;
}

async function askAll(questions: readonly Question[], context: CallContext): Promise<Answers> {
  const told = new Map<Address, Readonly<Record<string, number>>>();
  const failed = new Map<Address, string>();
  let late = '';
  const ask = async ({ address, router }: Question, looking: CallContext) => {
    try {
      if (router) told.set(address, await router.weights(looking, nameOf(address)));
    } catch (error) {
      if (!looking.signal.aborted) failed.set(address, messageOf(error));
    }
  };
  try {
    await lookWithin(LOOK_WITHIN_MS, context, async (looking) => {
      for (let at = 0; at < questions.length && !looking.signal.aborted; at += AT_ONCE)
        await Promise.all(questions.slice(at, at + AT_ONCE).map((one) => ask(one, looking)));
    });
  } catch (error) {
    late = messageOf(error);
  }
  return { told, why: (address) => failed.get(address) ?? late };
}

function withWeight(
  { weight: _, ...listed }: RunningRevision,
  told: Readonly<Record<string, number>> | undefined,
): RunningRevision {
  return told ? { ...listed, weight: told[listed.revision] ?? 0 } : listed;
}

/** By router and reason: one that can't be reached can't be for all. */
function unseenOf(
  questions: readonly Question[],
  told: Answers['told'],
  whyOf: (address: Address) => string,
): UnseenWeights[] {
  const unseen = new Map<string, UnseenWeights>();
  for (const { address, router } of questions) {
    if (!router || told.has(address)) continue;
    const why = whyOf(address);
    const key = `${router.name} ${why}`;
    const services = [...(unseen.get(key)?.services ?? []), address];
    unseen.set(key, { router: router.name, why, services });
  }
  return [...unseen.values()];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
