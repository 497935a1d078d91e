import { earlierPlace, readRecord } from './attached-record.ts';
import { type Attached, attachedAt, isAttached, leadsTo } from './attached-router.ts';
import { declaredTo, isAlive, type Managed, managedAsItRuns } from './managed-router.ts';

/** The HAProxy of an environment: one that Slipway runs, or one that runs already. */
export type Either = Managed | Attached;

/**
 * Who has a service's route now: the one that the options of now name (`wanted`) where it has it or nobody else does, and
 * those that had it by earlier options and still lead users to it. Looks only.
 */
export async function routersWith(wanted: Either, service: string): Promise<[Either, ...Either[]]> {
  const [first, ...more] = [await earlierAttached(wanted, service), await earlierManaged(wanted, service)].flatMap(
    (router) => router ?? [],
  );
  if (!first) return [wanted];
  return (await hasRoute(wanted, service)) ? [wanted, first, ...more] : [first, ...more];
}

async function earlierAttached(wanted: Either, service: string): Promise<Attached | undefined> {
  const { [service]: told } = await readRecord(wanted.place);
  const where = told && earlierPlace(wanted, told);
  if (!where) return undefined;
  const router = attachedAt(wanted, service, where);
  return (await leadsTo(router, service)) ? router : undefined;
}

async function earlierManaged(wanted: Either, service: string): Promise<Managed | undefined> {
  if (!isAttached(wanted) || !Object.hasOwn(await declaredTo(wanted), service)) return undefined;
  return (await isAlive(wanted)) ? await managedAsItRuns(wanted) : undefined;
}

/** A record alone doesn't say so: what a HAProxy that runs already was told is lost when it restarts. */
async function hasRoute(wanted: Either, service: string): Promise<boolean> {
  if (!isAttached(wanted)) return Object.hasOwn(await declaredTo(wanted), service);
  const { [service]: told } = await readRecord(wanted.place);
  return told !== undefined && !earlierPlace(wanted, told) && (await leadsTo(wanted, service));
}
