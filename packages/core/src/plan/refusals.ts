import { type Address, nameOf } from '../address.ts';
import type { Project } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { activeRevision, type State } from '../state/record.ts';
import type { Change } from './change.ts';
import type { Selected } from './selection.ts';

export interface PlannedChanges {
  changes: readonly Change[];
  project: Project;
  state: State;
  selected: Selected;
  registry: ProviderRegistry;
}

/**
 * Refuses a plan that must not be: throws `protected`, `migration-irreversible`, `dependents-remain`,
 * `platform-changed`, `port-taken`.
 */
export function refuse(planned: PlannedChanges): void {
  refuseProtected(planned);
  refuseMigrationsWithoutDown(planned);
  refuseOrphans(planned);
  refusePlatformChange(planned);
  refuseTakenPorts(planned);
}

function refuseProtected({ changes, state, project }: PlannedChanges): void {
  const declared = new Map(project.resources.map((node) => [node.address, node.protect]));
  const guarded = changes.filter(({ address, movedFrom, action }) => {
    if (action !== 'delete' && action !== 'replace') return false;
    const record = state.get(movedFrom ?? address);
    // What broke while it was made holds nothing yet, and must not block every plan from then on.
    if (record?.kind === 'resource' && record.incomplete?.action === 'create') return false;
    return record?.protect || (action === 'replace' && declared.get(address));
  });
  if (guarded.length === 0) return;
  const names = guarded.map((change) => `${change.address} (${change.action})`).join(', ');
  throw new SlipwayError('protected', `The plan would delete what is protected: ${names}.`, {
    subject: guarded[0]!.address,
    hint: 'The guard is kept in the state, so removing the block doesn\'t lift it. First deploy it with "protect: false" and nothing else changed; then it may go.',
    details: { addresses: guarded.map((change) => change.address) },
  });
}

function refuseMigrationsWithoutDown({ changes, project }: PlannedChanges): void {
  const touched = new Set(changes.filter((change) => change.action !== 'none').map((change) => change.address));
  const offending = project.services.filter(({ address, spec }) => {
    return touched.has(address) && spec.migrations && !spec.migrations.down && !spec.migrations.forwardOnly;
  });
  if (offending.length === 0) return;
  const [first] = offending;
  throw new SlipwayError(
    'migration-irreversible',
    `${offending.map((one) => one.address).join(', ')}: migrations have no way down.`,
    {
      subject: first!.address,
      hint: `Declare services.${first!.name}.migrations.down, or say "forwardOnly: true" and accept that a rollback leaves the schema.`,
    },
  );
}

/** What stays must not depend on what goes. */
function refuseOrphans({ changes, state }: PlannedChanges): void {
  const action = new Map(changes.map((change) => [change.address, change.action]));
  const remaining: string[] = [];
  for (const [address, record] of state) {
    if (action.get(address) !== undefined && action.get(address) !== 'none') continue;
    for (const need of record.dependsOn) if (action.get(need) === 'delete') remaining.push(`${address} needs ${need}`);
  }
  if (remaining.length === 0) return;
  throw new SlipwayError(
    'dependents-remain',
    `Something that stays depends on what would go: ${remaining.slice(0, 10).join('; ')}.`,
    {
      subject: remaining[0]!.split(' ')[0]! as Address,
      hint: 'Select the dependents too (--only a,b), or change them first.',
    },
  );
}

/** Neither what runs nor the route to it can move by itself to where it isn't known. */
function refusePlatformChange({ changes, state, project, registry }: PlannedChanges): void {
  const { platform, router } = project.environment;
  const own = registry.platform(platform.use)?.router?.name;
  for (const change of changes) {
    const record = state.get(change.address);
    if (record?.kind !== 'service' || change.action === 'none' || change.action === 'delete') continue;
    if (record.platform === platform.use) {
      refuseRouterChange(
        change.address,
        record.router ?? own,
        router?.use ?? own,
        activeRevision(record) !== undefined,
      );
      continue;
    }
    throw new SlipwayError(
      'platform-changed',
      `${change.address} runs on ${record.platform}; the environment now says ${platform.use}.`,
      {
        subject: change.address,
        hint: `Destroy it on ${record.platform} first, or give the new platform an environment of its own.`,
      },
    );
  }
}

function refuseRouterChange(
  address: Address,
  before: string | undefined,
  now: string | undefined,
  routed: boolean,
): void {
  if (!routed || before === now || before === undefined) return;
  throw new SlipwayError('platform-changed', `${address} is reached by ${before}; the environment now says ${now}.`, {
    subject: address,
    hint: `Two routers can't have its port at once. Destroy it first (slipway destroy --only ${nameOf(address)}), or give the new router an environment of its own.`,
  });
}

/** Traffic moves before anything is taken away, so a port must be free before. */
function refuseTakenPorts({ changes, state, project }: PlannedChanges): void {
  const touched = new Set(changes.filter((change) => change.action !== 'none').map((change) => change.address));
  const holders = new Map<number, Address>();
  for (const [address, record] of state) {
    const port = record.kind === 'service' ? activeRevision(record)?.spec.port : undefined;
    if (port !== undefined) holders.set(port, address);
  }
  for (const { address, name, spec } of project.services) {
    const holder = holders.get(spec.port);
    if (!touched.has(address) || holder === undefined || holder === address) continue;
    throw new SlipwayError('port-taken', `${address} wants port ${spec.port}, which ${holder} has until it is gone.`, {
      subject: address,
      hint: `Give services.${name} another port, or free it first: slipway destroy --only ${nameOf(holder)}.`,
    });
  }
}
