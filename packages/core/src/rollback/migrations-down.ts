import type { Address } from '../address.ts';
import { findReferences } from '../config/references.ts';
import type { Dependents } from '../plan/dependents.ts';
import { addressOf } from '../plan/known-outputs.ts';
import type { StepOrder } from '../plan/order.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import type { MigrationDone } from './migrations-done.ts';

/** Where the ways down of one service are emitted. */
interface Way {
  address: Address;
  platform: string;
  /** What was migrated, the newest first. */
  undo: readonly MigrationDone[];
  needs: readonly string[];
}

/**
 * Emits ways down. Between recorded services the order in which they go back or go away is that of their
 * migrations too, or has reasons that weigh more; {@link beginUnrecorded} comes first.
 */
export class MigrationsDown {
  readonly #drafts: StepDrafts;
  /** In the order they went up. */
  readonly #migrations: readonly MigrationDone[];
  /** Ways down of services that aren't recorded, the newest migration first. */
  readonly #unrecorded: { migration: MigrationDone; step: string }[] = [];

  constructor(drafts: StepDrafts, migrations: readonly MigrationDone[]) {
    this.#drafts = drafts;
    this.#migrations = migrations;
  }

  /** What a service migrated, the newest first. */
  of(address: Address): MigrationDone[] {
    return this.#migrations.filter((migration) => migration.service === address).reverse();
  }

  /**
   * A service that was migrated and broke before any revision of it ran isn't recorded: only its data go back,
   * while what it reads of other nodes is still there, and before anything that was migrated earlier. Call it
   * once, before {@link emit}. Returns the services that have something to do.
   */
  beginUnrecorded(platform: string, isRecorded: (address: Address) => boolean, order: StepOrder): Address[] {
    const services = new Set<Address>();
    for (const migration of this.#migrations.toReversed()) {
      const address = migration.service;
      if (isRecorded(address) || !migration.spec.migrations?.down || services.has(address)) continue;
      services.add(address);
      const after = this.#unrecorded.map(({ step }) => step);
      for (const step of this.#draft({ address, platform, undo: this.of(address), needs: [] }, () => after)) {
        order.addGone(address, step);
        this.#unrecorded.push({ migration, step });
      }
    }
    return [...services];
  }

  /** Returns what stands for the last of them: the needs themselves when there are none. */
  emit(way: Way): string[] {
    return this.#draft(way, (migration) => {
      const number = this.#migrations.indexOf(migration);
      const later = this.#unrecorded.filter((one) => this.#migrations.indexOf(one.migration) > number);
      return later.map(({ step }) => step);
    });
  }

  #draft({ address, platform, undo, needs }: Way, after: (migration: MigrationDone) => string[]): string[] {
    let before = [...needs];
    for (const [index, migration] of undo.entries()) {
      const { artifact, spec, level } = migration;
      const { migrations } = spec;
      if (!migrations?.down) continue;
      const suffix = undo.length === 1 ? 'migrate-down' : `migrate-down-${index + 1}`;
      const work = { action: 'migrate-down', input: { artifact, spec, migrations, level } } as const;
      const options = { needs: before, after: after(migration) };
      before = [this.#drafts.service(address, platform, suffix, work, options)];
    }
    return before;
  }
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
