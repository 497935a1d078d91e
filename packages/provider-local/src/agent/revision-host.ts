import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { equalJson, type JsonObject, SlipwayError } from '@slipway/core/provider';
import type { Backend } from '../router/index.ts';
import type { RevisionRow, RunSpec } from './agent-store.ts';
import { describeName, type Surroundings } from './hosted-instance.ts';
import { HostedRevision } from './hosted-revision.ts';
import type { RevisionName } from './locations.ts';
import { pruneLogs } from './log-files.ts';
import type { RevisionStatus } from './protocol.ts';
import type { ProcessEnv } from './sealed-env.ts';
import { removeWorkingCopy } from './working-copy.ts';

/** What is wanted of a revision. */
export interface Wanted {
  spec: RunSpec;
  env: ProcessEnv;
  slots: readonly number[];
  /** What runs of it is left as it is, whatever values it was started with. */
  leaveRunning: boolean;
  record: JsonObject;
}

/** Names of environments can't begin like that. */
const ASIDE = '.removed-';

/** Every revision that this agent hosts. Calls for one revision must come one after another. */
export class RevisionHost {
  readonly #around: Surroundings;
  readonly #revisions = new Map<string, HostedRevision>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  get size(): number {
    return this.#revisions.size;
  }

  /** Reads what is recorded, without an effect yet; the names are what {@link take} is to be called with. */
  load(): RevisionName[] {
    for (const row of this.#around.store.revisions()) {
      this.#revisions.set(describeName(row), new HostedRevision(this.#around, row));
    }
    this.#removeOrphanedCopies();
    return [...this.#revisions.values()].map((revision) => revision.row);
  }

  /** Brings a recorded revision to what is wanted of it: running again, or gone. */
  async take(name: RevisionName): Promise<void> {
    const revision = this.#revisions.get(describeName(name));
    if (revision?.row.desired === 'running') await revision.take();
    else if (revision) await this.remove(name);
  }

  /** Exactly the wanted instances of it run. Throws `revision-conflict` when this id is there with other content. */
  async ensure(name: RevisionName, wanted: Wanted): Promise<RevisionStatus> {
    const found = this.#revisions.get(describeName(name));
    if (found?.row.desired === 'removed') await this.remove(name);
    else if (found) return await this.#ensureFound(found, wanted);
    const revision = this.#add(name, wanted);
    try {
      await revision.scale(wanted.slots);
    } catch (error) {
      // Nothing of it runs: a revision that could not be made is not left half there.
      await this.remove(name);
      throw error;
    }
    await this.#around.backendChanged(name.environment, name.service);
    return revision.status();
  }

  async remove(name: RevisionName): Promise<'removed' | 'absent'> {
    const revision = this.#revisions.get(describeName(name));
    if (!revision) return 'absent';
    revision.save({ desired: 'removed' });
    await this.#around.backendGone(name);
    await revision.remove();
    this.#revisions.delete(describeName(name));
    const live = this.#of(name.environment, name.service).map(({ row }) => row.revision);
    pruneLogs(this.#around.state, name, new Set(live));
    return 'removed';
  }

  /** Ends its process and leaves it recorded as wanted. */
  async stop(name: RevisionName): Promise<void> {
    await this.#revisions.get(describeName(name))?.stop();
  }

  names(): RevisionName[] {
    return [...this.#revisions.values()].map(({ row }) => row);
  }

  list(environment: string): RevisionStatus[] {
    const revisions = [...this.#revisions.values()].filter(({ row }) => row.environment === environment);
    return revisions.map((revision) => revision.status());
  }

  /** What was kept beside the revisions of a service, and their instances. */
  records(environment: string, service: string): { record: JsonObject; slots: number[] }[] {
    const live = this.#of(environment, service).filter(({ row }) => row.desired === 'running');
    return live.map(({ row }) => ({
      record: row.record,
      slots: row.instances.filter(({ desired }) => desired === 'running').map(({ slot }) => slot),
    }));
  }

  /** See {@link HostedRevision.environmentOf}. Throws `revision-missing`. */
  environmentOf(name: RevisionName & { slot: number }): ProcessEnv {
    const revision = this.#revisions.get(describeName(name));
    if (revision) return revision.environmentOf(name.slot);
    throw new SlipwayError('revision-missing', `${describeName(name)} is not on this machine.`, {
      subject: `service:${name.service}`,
      hint: 'Deploy again.',
    });
  }

  /** Where a service's revisions take requests. */
  backends(environment: string, service: string): Record<string, Backend[]> {
    return Object.fromEntries(this.#of(environment, service).map(({ row, backends }) => [row.revision, backends]));
  }

  /** Whether an instance of this number answers on this port of the machine. */
  answersOn(name: RevisionName, slot: number, port: number): boolean {
    const rows = this.#revisions.get(describeName(name))?.row.instances ?? [];
    return rows.some((row) => row.slot === slot && row.port === port);
  }

  /** Which revision runs on a port of this machine. */
  on(port: number): RevisionName | undefined {
    const found = [...this.#revisions.values()].find((one) =>
      one.status().parts.some((part) => part.port === port && part.state === 'running'),
    );
    if (!found) return undefined;
    const { environment, service, revision } = found.row;
    return { environment, service, revision };
  }

  ports(): number[] {
    return [...this.#revisions.values()].flatMap(({ row }) => row.instances.flatMap(({ port }) => port ?? []));
  }

  #add(name: RevisionName, { spec, env, record }: Wanted): HostedRevision {
    const row: RevisionRow = {
      environment: name.environment,
      service: name.service,
      revision: name.revision,
      desired: 'running',
      spec,
      env: this.#around.seal.seal(env, describeName(name)),
      record,
      instances: [],
    };
    const revision = new HostedRevision(this.#around, row);
    revision.save({});
    this.#revisions.set(describeName(name), revision);
    return revision;
  }

  async #ensureFound(
    found: HostedRevision,
    { spec, env, slots, leaveRunning, record }: Wanted,
  ): Promise<RevisionStatus> {
    const { row } = found;
    if (!equalJson(contentOf(row.spec), contentOf(spec))) {
      throw new SlipwayError('revision-conflict', `Revision ${row.revision} exists with another artifact or command.`, {
        subject: `service:${row.service}`,
        hint: 'A revision never changes. Retire this one first.',
      });
    }
    found.save({ spec: { ...spec, base: row.spec.base }, record });
    // Values that come from elsewhere, such as an address, may change; the router holds requests meanwhile.
    await found.give(env, leaveRunning);
    await found.scale(slots);
    await this.#around.backendChanged(row.environment, row.service);
    return found.status();
  }

  #of(environment: string, service: string): HostedRevision[] {
    const all = [...this.#revisions.values()];
    return all.filter(({ row }) => row.environment === environment && row.service === service);
  }

  /** Copies that were begun or left when an agent was killed. */
  #removeOrphanedCopies(): void {
    const root = join(this.#around.state, 'run');
    for (const environment of folders(root).filter((name) => !name.startsWith(ASIDE))) {
      for (const service of folders(join(root, environment))) {
        for (const revision of folders(join(root, environment, service))) {
          if (this.#revisions.has(describeName({ environment, service, revision }))) continue;
          // Out of the way at once, so that a new revision of that name never meets what is being removed.
          const aside = join(root, `${ASIDE}${randomUUID()}`);
          renameSync(join(root, environment, service, revision), aside);
        }
      }
    }
    for (const aside of folders(root).filter((name) => name.startsWith(ASIDE))) {
      removeWorkingCopy(join(root, aside)).catch((error: Error) =>
        this.#around.log(`working copy ${aside} can't be removed: ${error.message}`),
      );
    }
  }
}

/** What a revision's id stands for; the rest may change under it. */
function contentOf(spec: RunSpec) {
  return { artifact: spec.artifact.digest, path: spec.path, run: spec.run, static: spec.static };
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
