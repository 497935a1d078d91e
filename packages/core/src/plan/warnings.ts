import type { Address } from '../address.ts';
import type { Migrations, Project, ResourceDeclaration, ServiceDeclaration } from '../config/project.ts';
import { findReferences } from '../config/references.ts';
import { SlipwayError } from '../errors.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { StateRecord } from '../state/record.ts';
import type { Change, ChangeAction } from './change.ts';
import { addressOf } from './known-outputs.ts';
import type { PlanWarning } from './plan.ts';
import type { ResourceIntent } from './resource-steps.ts';

/**
 * A dependency that the selection leaves out: a warning when it is only unselected and never deployed, nothing
 * when it is there. Throws `dependency-unmet` when an output of it is needed that can't be there.
 */
export function unmetDependency(
  node: ResourceDeclaration | ServiceDeclaration,
  need: Address,
  recorded: StateRecord | undefined,
): PlanWarning[] {
  if (recorded) return [];
  const values = 'properties' in node ? node.properties : node.spec.env;
  const referenced = findReferences(values).some((reference) => addressOf(reference) === need);
  if (referenced) {
    throw new SlipwayError(
      'dependency-unmet',
      `${node.address} uses an output of ${need}, which doesn't exist and isn't selected.`,
      {
        subject: node.address,
        hint: `Select it too: --only ${node.name},${need.slice(need.indexOf(':') + 1)}.`,
      },
    );
  }
  return [
    {
      code: 'unmet-dependency',
      subject: node.address,
      message: `${node.address} depends on ${need}, which doesn't exist and isn't selected.`,
    },
  ];
}

/** What can't be taken back by a rollback, said before. */
export function collectWarnings(
  intents: readonly ResourceIntent[],
  declared: readonly (ResourceDeclaration | ServiceDeclaration)[],
  changes: readonly Change[],
  registry: ProviderRegistry,
): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  for (const { change, desired, record } of intents) {
    if (change.action === 'none') continue;
    const type = registry.resourceType(change.type);
    const actions = change.action === 'replace' ? (['create', 'delete'] as const) : ([change.action] as const);
    for (const action of actions) {
      const why = type?.irreversible?.(action, (desired?.properties ?? record?.properties)!);
      if (why) warnings.push({ code: 'not-reversible', subject: change.address, message: `${change.address}: ${why}` });
    }
  }
  const actions = new Map(changes.map((change) => [change.address, change.action]));
  for (const node of declared) {
    if (!('spec' in node) || !node.spec.migrations) continue;
    const action = actions.get(node.address);
    const warning = action && action !== 'none' && warnOfMigrations(node.address, node.spec.migrations, action);
    if (warning) warnings.push(warning);
  }
  return warnings;
}

function warnOfMigrations(subject: Address, migrations: Migrations, action: ChangeAction): PlanWarning | undefined {
  if (migrations.forwardOnly) {
    const message = `${subject}: its migrations are forward-only; a rollback brings back the release and leaves the schema.`;
    return { code: 'not-reversible', subject, message };
  }
  if (migrations.status !== undefined || action === 'create') return undefined;
  const message = `${subject}: without migrations.status nothing can tell whether this release migrates anything. A rollback runs its way down in any case, and doesn't tell it how far.`;
  return { code: 'migration', subject, message };
}

/** Services in lockstep go back together, whatever the environment says. */
export function lockstepWarnings({ environment }: Project): PlanWarning[] {
  if (environment.onFailure === 'rollback') return [];
  const message = `Services move in lockstep: a failure takes all of this plan back, though onFailure is ${environment.onFailure}.`;
  return [{ code: 'note', subject: `environments.${environment.name}`, message }];
}
