import type { Address } from '../address.ts';
import { findReferences } from '../config/references.ts';
import type { Dependents } from '../plan/dependents.ts';
import { addressOf } from '../plan/known-outputs.ts';
import type { StepOrder } from '../plan/order.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import type { MigrationDone } from './migrations-done.ts';

/** Emits the ways down, the newest migration first; returns what stands for the last of them. */
export function emitMigrationsDown(
  address: Address,
  platform: string,
  undo: readonly MigrationDone[],
  needs: readonly string[],
  drafts: StepDrafts,
): string[] {
  let before = [...needs];
  for (const [index, { artifact, spec, level }] of undo.entries()) {
    const { migrations } = spec;
    if (!migrations?.down) continue;
    const suffix = undo.length === 1 ? 'migrate-down' : `migrate-down-${index + 1}`;
    const work = { action: 'migrate-down', input: { artifact, spec, migrations, level } } as const;
    before = [drafts.service(address, platform, suffix, work, { needs: before })];
  }
  return before;
}

/**
 * A service that was migrated and broke before any revision of it ran isn't recorded: only its data go back,
 * while what it reads of other nodes is still there. False when there is nothing to do.
 */
export function emitForUnrecorded(
  address: Address,
  platform: string,
  undo: readonly MigrationDone[],
  drafts: StepDrafts,
  order: StepOrder,
): boolean {
  const steps = emitMigrationsDown(address, platform, undo, [], drafts);
  for (const step of steps) order.addGone(address, step);
  return steps.length > 0;
}

/** The recorded dependents, and services that are needed for their way down alone. */
export function withMigrated(dependents: Dependents, migrations: readonly MigrationDone[]): Dependents {
  const more = new Map<Address, Set<Address>>();
  for (const { service, spec } of migrations) {
    for (const reference of findReferences(spec.env)) {
      const need = addressOf(reference);
      if (need) more.set(need, (more.get(need) ?? new Set()).add(service));
    }
  }
  return { ...dependents, of: (address) => [...new Set([...dependents.of(address), ...(more.get(address) ?? [])])] };
}
