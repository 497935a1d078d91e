import { spawnSync } from 'node:child_process';
import { storeSamples } from '@slipway/provider-testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type LeaseClock, systemLeaseClock } from '../../src/journal/lease-clock.ts';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/journal/store.ts';
import { KEY, temporaryDirectory } from './places.ts';

const HOUR = 3_600_000;
const { sampleHolder } = storeSamples;

/** Time as one boot of a machine has it; its wall clock can be set. */
class Machine implements LeaseClock {
  boot: string | null = 'this';
  #steady = 5_000;
  #offset = 1_700_000_000_000;
  wall = () => this.#steady + this.#offset;
  steady = () => this.#steady;

  pass(ms: number): void {
    this.#steady += ms;
  }

  setClock(byMs: number): void {
    this.#offset += byMs;
  }

  reboot(steady = 10): void {
    this.#offset += this.#steady - steady;
    this.#steady = steady;
    this.boot = 'next';
  }
}

async function freshStore(clock: LeaseClock): Promise<Store> {
  const store = await openSqliteStore({ file: `${await temporaryDirectory()}/state.db`, key: KEY, clock });
  onTestFinished(() => store.close());
  return store;
}

const ask = async (store: Store) => (await store.acquireLock('dev', sampleHolder('two'), 15_000)).kind;

describe('the lease of a lock', () => {
  it.each([24 * HOUR, -HOUR, -50 * 365 * 24 * HOUR])('runs its own time when the clock is set by %d ms', async (by) => {
    const machine = new Machine();
    const store = await freshStore(machine);
    await store.acquireLock('dev', sampleHolder('one'), 15_000);
    machine.pass(5_000);
    machine.setClock(by);
    expect(await ask(store)).toBe('held');
    expect(await store.readLock('dev')).toMatchObject({ expiresAt: new Date(machine.wall() + 10_000).toISOString() });
    machine.pass(9_999);
    expect(await ask(store)).toBe('held');
    machine.pass(1);
    expect(await ask(store)).toBe('acquired');
  });

  it('is kept by renewing, however the clock is set in between', async () => {
    const machine = new Machine();
    const store = await freshStore(machine);
    await store.acquireLock('dev', sampleHolder('one'), 15_000);
    for (const by of [24 * HOUR, -HOUR, 0, 400 * 24 * HOUR, -400 * 24 * HOUR]) {
      machine.setClock(by);
      machine.pass(14_999);
      expect(await ask(store)).toBe('held');
      expect(await store.renewLock('dev', 1, 15_000)).toBe(true);
    }
  });

  it('of another boot runs out within its length, also when the clock fell back to where it began', async () => {
    const machine = new Machine();
    const store = await freshStore(machine);
    await store.acquireLock('dev', sampleHolder('one'), 15_000);
    machine.pass(100);
    machine.reboot();
    machine.setClock(-machine.wall());
    expect(await ask(store)).toBe('held');
    machine.pass(15_000);
    expect(await ask(store)).toBe('acquired');
  });
});

it('counts the same in every process of this machine', () => {
  const before = systemLeaseClock();
  const from = before.steady();
  const module = new URL('../../src/journal/lease-clock.ts', import.meta.url).pathname;
  const program = `const { systemLeaseClock } = await import(${JSON.stringify(module)});
    const clock = systemLeaseClock(); console.log(JSON.stringify([clock.boot, clock.steady()]));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const [boot, steady] = JSON.parse(stdout) as [string | null, number];
  expect(boot).toBe(before.boot);
  if (boot === null) return;
  expect(steady).toBeGreaterThanOrEqual(from);
  expect(steady).toBeLessThanOrEqual(before.steady());
});
