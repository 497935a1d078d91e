import { type Address, nameOf } from '../address.ts';
import type { ServiceDeclaration } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import { withSlots } from '../handlers/service-record.ts';
import { isObject, type JsonObject } from '../json.ts';
import { runtimeOf } from '../plan/plan-deployment.ts';
import type { CallContext, Platform, Router } from '../provider/contract.ts';
import type { RevisionRecord, ServiceRecord } from '../state/record.ts';
import { adaptersOf, lookingContext } from './call-context.ts';
import type { Workspace } from './workspace.ts';

/**
 * Makes a service's lost record again, from what its platform kept beside its revisions and what its router does. `id`:
 * the revision that users are meant to reach. Looks only. Throws `address-unknown`, `import-unsupported`, `not-found`.
 */
export async function recoverService(workspace: Workspace, address: Address, id: string): Promise<ServiceRecord> {
  const project = await workspace.project();
  const declaration = project.services.find((service) => service.address === address);
  if (!declaration) {
    throw new SlipwayError('address-unknown', `${address} is not declared as a service in the config.`, {
      subject: address,
      hint: 'Declare it first: its platform and port say where it is looked for.',
    });
  }
  const runtime = runtimeOf(project);
  await workspace.registry.load(adaptersOf(runtime));
  const platform = workspace.registry.requirePlatform(runtime.platform.use, address);
  const router = workspace.registry.requireRouter(platform.name, runtime.router?.use, address);
  const context = await lookingContext(workspace, project.environment.name, runtime);
  const revisions = await revisionsOf(platform, context, address, id);
  return await recordOf({ declaration, platform, router, context, revisions, routerName: runtime.router?.use }, id);
}

async function revisionsOf(
  platform: Platform,
  context: CallContext,
  address: Address,
  id: string,
): Promise<RevisionRecord[]> {
  if (!platform.recover) {
    throw new SlipwayError('import-unsupported', `The platform ${platform.name} keeps no records of services.`, {
      subject: address,
      hint: 'Deploy it anew.',
    });
  }
  const kept = await platform.recover(context, nameOf(address));
  const revisions = kept.flatMap(({ record, slots }) => (isRevision(record) ? [withSlots(record, slots)] : []));
  if (revisions.some((revision) => revision.id === id)) return revisions;
  const found = revisions.map((revision) => revision.id);
  throw new SlipwayError('not-found', `${platform.name} has no revision ${id} of ${address}.`, {
    subject: address,
    hint: found.length === 0 ? 'It runs nothing of this service.' : `It has: ${found.join(', ')}.`,
  });
}

interface Recovered {
  declaration: ServiceDeclaration;
  platform: Platform;
  router: Router;
  context: CallContext;
  revisions: readonly RevisionRecord[];
  routerName: string | undefined;
}

async function recordOf(recovered: Recovered, id: string): Promise<ServiceRecord> {
  const { declaration, platform, router, context, revisions, routerName } = recovered;
  const { address, name, tags, dependsOn, protect } = declaration;
  const given = await router.weights(context, name);
  const known = new Set(revisions.map((revision) => revision.id));
  const weights = Object.fromEntries(Object.entries(given).filter(([one, weight]) => weight > 0 && known.has(one)));
  const active = revisions.find((revision) => revision.id === id)!;
  const { port } = active.spec;
  return {
    kind: 'service',
    address,
    platform: platform.name,
    revisions: Object.fromEntries(revisions.map((one) => [one.id, inRole(one, roleOf(one, id, weights))])),
    weights,
    ...(routerName === undefined ? {} : { router: routerName }),
    // Routers listen on loopback where a platform can't tell better.
    outputs: { url: `http://127.0.0.1:${port}`, port, ...platform.predict?.(name, active.spec) },
    tags,
    dependsOn,
    protect,
  };
}

function roleOf(revision: RevisionRecord, active: string, weights: Record<string, number>): RevisionRecord['role'] {
  if (revision.id === active) return 'active';
  if (revision.role === 'baseline') return 'baseline';
  return (weights[revision.id] ?? 0) > 0 ? 'staged' : 'standby';
}

/** What its platform kept of one on standby does not tell whether it ever had users. */
function inRole({ unproven: _, ...revision }: RevisionRecord, role: RevisionRecord['role']): RevisionRecord {
  return { ...revision, role, ...(role === 'standby' ? { unproven: true } : {}) };
}

function isRevision(record: JsonObject): record is JsonObject & RevisionRecord {
  return typeof record.id === 'string' && isObject(record.release) && isObject(record.spec);
}
