import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { equalJson, SlipwayError } from '@slipway/core/provider';
import type { Backend } from '../router/index.ts';
import type { InstanceRow, RevisionRow } from './agent-store.ts';
import { describeName, HOST, HostedInstance, type InstanceOwner, type Surroundings } from './hosted-instance.ts';
import { dataDirectory, workingCopy } from './locations.ts';
import type { RevisionStatus } from './protocol.ts';
import type { ProcessEnv } from './sealed-env.ts';
import { makeWorkingCopy, removeWorkingCopy } from './working-copy.ts';

/** From the best to the worst. */
const STATES = ['running', 'starting', 'restarting', 'stopped'] as const;

/** One revision on this machine: its working copy and the instances that run in it. */
export class HostedRevision implements InstanceOwner {
  readonly #around: Surroundings;
  #row: RevisionRow;
  readonly #instances = new Map<number, HostedInstance>();

  constructor(around: Surroundings, row: RevisionRow) {
    this.#around = around;
    this.#row = row;
    for (const { slot } of row.instances) this.#instances.set(slot, new HostedInstance(around, this, slot));
  }

  get row(): Readonly<RevisionRow> {
    return this.#row;
  }

  /** Where its instances take requests, of those that can. */
  get backends(): Backend[] {
    if (this.#row.desired === 'removed') return [];
    return this.#all().flatMap(({ backend }) => backend ?? []);
  }

  get directory(): string {
    return join(workingCopy(this.#around.state, this.#row), this.#row.spec.path);
  }

  get siteDirectory(): string | undefined {
    const { static: site } = this.#row.spec;
    return site === undefined ? undefined : join(this.directory, site);
  }

  givenEnv(slot: number): ProcessEnv {
    return this.#around.seal.open(this.#sealedFor(slot), describeName(this.#row));
  }

  /**
   * Gives these values to whatever is started from now on. What was started with others is stopped; what runs of it is
   * left instead with `leaveRunning`, and keeps its own until it is stopped. Safe to repeat.
   */
  async give(env: ProcessEnv, leaveRunning: boolean): Promise<void> {
    const others = this.#all().filter(({ slot }) => !this.#isEnv(this.#sealedFor(slot), env));
    if (others.length === 0 && this.#isEnv(this.#row.env, env)) return;
    const left = others.filter((instance) => leaveRunning && instance.isRunning);
    await settleAll(others.filter((one) => !left.includes(one)).map((instance) => instance.stop()));
    const instances = this.#row.instances.map(({ env: _, ...row }): InstanceRow => {
      if (!left.some(({ slot }) => slot === row.slot)) return row;
      return { ...row, env: Buffer.from(this.#sealedFor(row.slot)).toString('base64') };
    });
    this.save({ env: this.#around.seal.seal(env, describeName(this.#row)), instances });
  }

  /** Records a change durably. */
  save(change: Partial<RevisionRow>): void {
    const row = { ...this.#row, ...change };
    this.#around.store.saveRevision(row);
    this.#row = row;
  }

  saveInstance(slot: number, change: Partial<InstanceRow>): void {
    const instances = this.#row.instances.map((row) => (row.slot === slot ? { ...row, ...change } : row));
    this.save({ instances });
  }

  /**
   * Makes exactly these instances run: records them, starts what is missing, then stops what is too many. When one
   * that is new can't be started, those that are new are taken back, and the error is thrown. Safe to repeat.
   */
  async scale(slots: readonly number[]): Promise<void> {
    const kept = this.#row.instances.filter(({ desired }) => desired === 'running').map(({ slot }) => slot);
    // What an earlier call was to stop, and didn't get to, before a number of it is used anew.
    await this.#stopSurplus();
    this.#want(slots);
    try {
      await this.start();
    } catch (error) {
      this.#want(kept);
      await this.#stopSurplus();
      throw error;
    }
    await this.#stopSurplus();
  }

  /** Makes what is recorded true: see {@link HostedInstance.start}. */
  async start(): Promise<void> {
    const wanted = this.#all().filter(({ row }) => row.desired === 'running');
    const { service, spec } = this.#row;
    try {
      const copy = workingCopy(this.#around.state, this.#row);
      await makeWorkingCopy(spec.artifact.directory, copy, `service:${service}`);
      await mkdir(dataDirectory(this.#around.state, this.#row), { recursive: true, mode: 0o700 });
    } catch (error) {
      for (const instance of wanted) instance.fail((error as Error).message);
      throw error;
    }
    await settleAll(wanted.map((instance) => instance.start()));
  }

  /** After a crash: starts what is to run, and stops what no longer is. */
  async take(): Promise<void> {
    await settleAll([this.start(), this.#stopSurplus()]);
  }

  /** Ends its processes; everything else stays. Safe to repeat. */
  async stop(): Promise<void> {
    await settleAll(this.#all().map((instance) => instance.stop()));
  }

  /** Stops it and removes what it left, except its logs and the service's data. */
  async remove(): Promise<void> {
    await this.stop();
    await removeWorkingCopy(workingCopy(this.#around.state, this.#row));
    this.#around.store.removeRevision(this.#row);
    for (const instance of this.#all()) instance.note('removed');
  }

  status(): RevisionStatus {
    const { environment, service, revision } = this.#row;
    const parts = this.#all()
      .filter(({ row }) => row.desired === 'running' || this.#row.desired === 'removed')
      .map((instance) => instance.status());
    const running = parts.filter(({ state }) => state === 'running');
    const worst = Math.max(...parts.map(({ state }) => STATES.indexOf(state)));
    const port = parts[0]?.port ?? null;
    const pid = running[0]?.pid;
    const started = parts.flatMap(({ startedAt }) => startedAt ?? []).sort();
    return {
      environment,
      service,
      revision,
      state: STATES[worst] ?? 'stopped',
      instances: running.length,
      slots: running.map(({ slot }) => slot),
      preview: port === null ? '' : `http://${HOST}:${port}`,
      restarts: parts.reduce((sum, { restarts }) => sum + restarts, 0),
      startedAt: started[0] ?? null,
      directory: this.directory,
      parts,
      ...(pid === undefined ? {} : { pid }),
    };
  }

  /** See {@link HostedInstance.environment}. Throws `instance-missing`. */
  environmentOf(slot: number): ProcessEnv {
    const instance = this.#instances.get(slot);
    if (instance) return instance.environment();
    throw new SlipwayError('instance-missing', `${describeName(this.#row)} has no instance ${slot} here.`, {
      subject: `service:${this.#row.service}`,
      hint: 'It may have been scaled down meanwhile: look again.',
    });
  }

  /** What an instance was started with, or is to be. */
  #sealedFor(slot: number): Uint8Array {
    const own = this.#row.instances.find((row) => row.slot === slot)?.env;
    return own === undefined ? this.#row.env : Buffer.from(own, 'base64');
  }

  /** False also when what is stored can't be opened any more. */
  #isEnv(sealed: Uint8Array, env: ProcessEnv): boolean {
    try {
      return equalJson(this.#around.seal.open(sealed, describeName(this.#row)), env);
    } catch (error) {
      this.#around.log(`${describeName(this.#row)}: ${(error as Error).message}`);
      return false;
    }
  }

  /** By number. */
  #all(): HostedInstance[] {
    return this.#row.instances.map(({ slot }) => this.#instances.get(slot) as HostedInstance);
  }

  /** Records which instances are to run; the others are to be stopped. */
  #want(slots: readonly number[]): void {
    const before = this.#row.instances;
    const missing = [...new Set(slots)].filter((slot) => !before.some((row) => row.slot === slot));
    const rows = before.map((row) => ({ ...row, desired: slots.includes(row.slot) ? 'running' : 'removed' }) as const);
    const instances = [...rows, ...missing.map(newInstance)].sort((a, b) => a.slot - b.slot);
    if (!equalJson(instances, before)) this.save({ instances });
    for (const slot of missing) this.#instances.set(slot, new HostedInstance(this.#around, this, slot));
  }

  async #stopSurplus(): Promise<void> {
    const surplus = this.#all().filter(({ row }) => row.desired === 'removed');
    await settleAll(
      surplus.map(async (instance) => {
        await this.#around.backendGone(this.#row, instance.slot);
        await instance.stop();
        instance.note('removed');
        this.#instances.delete(instance.slot);
        this.save({ instances: this.#row.instances.filter(({ slot }) => slot !== instance.slot) });
      }),
    );
  }
}

function newInstance(slot: number): InstanceRow {
  return { slot, desired: 'running', port: null, process: null, startedAt: null, restarts: 0, lastExit: null };
}

/** Waits for all, also when one fails; then rejects with the first failure. */
async function settleAll(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
