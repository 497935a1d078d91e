import { type Address, nameOf } from '../address.ts';
import type { Limits } from '../config/project.ts';
import { escapeReferences } from '../config/references.ts';
import { resolveReferences } from '../execute/resolve.ts';
import { type Limited, ReadyQueue } from '../graph/ready-queue.ts';
import { recordedOf } from '../handlers/resource-handlers.ts';
import { equalJson, type JsonObject } from '../json.ts';
import { differencesFor, differencesOf } from '../plan/difference.ts';
import { sameWeights } from '../plan/same-weights.ts';
import type { CallContext, PropertyDifference, ResourceType, RunningRevision } from '../provider/contract.ts';
import { providerOf } from '../provider/registry.ts';
import type { DriftReport } from '../slipway-api.ts';
import {
  type ResourceRecord,
  type RevisionRecord,
  type ServiceRecord,
  type State,
  type StateRecord,
  slotsOf,
} from '../state/record.ts';
import { lookAtPlatform, type PlatformLook } from './look-at-platform.ts';
import type { Workspace } from './workspace.ts';

type DriftItem = DriftReport['items'][number];

export interface DriftLook {
  workspace: Workspace;
  environment: string;
  state: State;
  context: CallContext;
  /** How much is looked at at once: looking is work for a provider too. */
  limits: Limits;
  secret: (name: string) => string;
}

/** Compares what is recorded with what is really there. Looks only. */
export async function lookAtDrift(look: DriftLook): Promise<DriftReport> {
  const records = [...look.state.values()];
  const platforms: PlatformLooks = new Map();
  const items = new Array<DriftItem>(records.length);
  const queue = new ReadyQueue(records.map(limitedOf), new Uint8Array(records.length), look.limits);
  for (const n of records.keys()) queue.push(n);
  let failed = false;
  // One that finds no slot may go: whoever holds the slot comes back for what is left.
  const lookOn = async () => {
    for (let n = queue.take(); n >= 0 && !failed; n = queue.take()) {
      try {
        items[n] = await driftOf(look, records[n]!, platforms);
      } catch (error) {
        failed = true;
        throw error;
      }
      queue.release(n);
    }
  };
  await Promise.all(Array.from({ length: Math.min(look.limits.overall, records.length) }, lookOn));
  return { environment: look.environment, items };
}

function limitedOf(record: StateRecord): Limited {
  const type = record.kind === 'resource' ? record.type : record.platform;
  return { type, provider: providerOf(type) };
}

/** What runs on each platform, asked once for all services on it. */
type PlatformLooks = Map<string, Promise<PlatformLook>>;

async function driftOf(look: DriftLook, record: StateRecord, platforms: PlatformLooks): Promise<DriftItem> {
  return record.kind === 'resource'
    ? await driftOfResource(look, record)
    : await driftOfService(look, record, platforms);
}

async function driftOfResource(look: DriftLook, record: ResourceRecord): Promise<DriftItem> {
  const { address } = record;
  const type = look.workspace.registry.requireResourceType(record.type, address);
  const sources = { record: (one: Address) => look.state.get(one), secret: look.secret };
  const recorded = recordedOf(record, { resolve: (value) => resolveReferences(value, false, sources) });
  try {
    const found = await type.read(look.context, recorded);
    if (found.kind === 'cannot-tell') return { address, status: 'cannot-tell', differences: [], look: found.look };
    if (found.kind === 'absent') return { address, status: 'missing', differences: [] };
    const differences = redacted(look, [
      ...propertyDrift(type, recorded.properties, found.properties),
      // As they are kept: a form of a secret that can't be turned back compares as what stands for it.
      ...outputDrift(record.outputs, look.workspace.redactor.value(escapeReferences(found.outputs) as JsonObject)),
    ]);
    return { address, status: differences.length > 0 ? 'drifted' : 'in-sync', differences };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { address, status: 'cannot-tell', differences: [], look: look.workspace.redactor.text(message) };
  }
}

/** Only what the provider reported is compared: what it doesn't know is no drift. */
function propertyDrift(type: ResourceType, recorded: JsonObject, found: JsonObject | undefined): PropertyDifference[] {
  if (!found) return [];
  const known = Object.fromEntries(Object.entries(recorded).filter(([key]) => key in found));
  return differencesFor(type, known, { ...known, ...found });
}

function outputDrift(recorded: JsonObject, found: JsonObject): PropertyDifference[] {
  const known = Object.fromEntries(Object.entries(found).filter(([key]) => key in recorded));
  const before = Object.fromEntries(Object.keys(known).map((key) => [key, recorded[key]!]));
  return differencesOf(before, known).map((one) => ({ ...one, path: `outputs.${one.path}`, replaces: false }));
}

function redacted({ workspace }: DriftLook, differences: PropertyDifference[]): PropertyDifference[] {
  return differences.map((one) => workspace.redactor.value(one));
}

async function driftOfService(look: DriftLook, record: ServiceRecord, platforms: PlatformLooks): Promise<DriftItem> {
  const { address } = record;
  const { workspace, context } = look;
  const service = nameOf(address);
  const platform = workspace.registry.requirePlatform(record.platform, address);
  const looking = platforms.get(platform.name) ?? lookAtPlatform(workspace, platform, context);
  platforms.set(platform.name, looking);
  const found = await looking;
  if (found.kind === 'unseen') return { address, status: 'cannot-tell', differences: [], look: found.why };
  const router = workspace.registry.requireRouter(record.platform, record.router, address);
  const weights = await router.weights(context, service);
  const running = found.running.get(service) ?? [];
  const differences = Object.values(record.revisions).flatMap((revision) => instanceDrift(revision, running));
  if (!sameWeights(weights, record.weights))
    differences.push({ path: 'weights', before: record.weights, after: weights, replaces: false });
  return { address, status: differences.length > 0 ? 'drifted' : 'in-sync', differences };
}

/** What of a recorded revision doesn't run. */
function instanceDrift(revision: RevisionRecord, running: readonly RunningRevision[]): PropertyDifference[] {
  const path = `revisions.${revision.id}`;
  const found = running.find((one) => one.revision === revision.id && one.state !== 'stopped');
  if (!found) return [{ path, before: 'running', after: null, replaces: false }];
  const slots = slotsOf(revision);
  const there = found.slots ?? [0];
  if (equalJson(slots, there)) return [];
  return [{ path: `${path}.slots`, before: slots, after: there, replaces: false }];
}
