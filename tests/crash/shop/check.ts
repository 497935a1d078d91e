import { globSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvironmentStatus, ServiceRecord, State } from '@slipway/core';
import { readRecorded } from '../recorded.ts';
import { runSlipway, tellOf } from '../slipway-process.ts';
import { violate } from '../violation.ts';
import { agentProcesses } from './agent.ts';
import type { Customers } from './customers.ts';
import { type Edition, ENVIRONMENT, type Shop } from './shop.ts';

/** The migrations of the shop as it comes; later ones note themselves. */
const FIRST_LEVELS = 2;
const GONE_WITHIN_MS = 5_000;

/** Throws a `Violation` unless the shop runs as this edition, once, and everything recorded says the same. */
export async function checkShop(shop: Shop, edition: Edition, customers: Customers): Promise<void> {
  const { directory } = shop;
  const status = JSON.parse(await look(directory, ['status', '--json'])) as EnvironmentStatus;
  await customers.check(edition);
  const { state, audit } = await readRecorded(directory, ENVIRONMENT);
  violate(audit.findings.length > 0, `The journal is not sound: ${JSON.stringify(audit.findings.slice(0, 3))}`);
  for (const service of status.services) checkService(service, state);
  await soon(() => checkProcesses(shop, status, state));
  checkMigrations(shop, edition);
  await look(directory, ['drift']);
}

/** What was just killed or relieved may take a moment to vanish. */
async function soon(check: () => void): Promise<void> {
  for (const deadline = Date.now() + GONE_WITHIN_MS; ; await sleep(50)) {
    try {
      check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

async function look(directory: string, command: readonly string[]): Promise<string> {
  const args = [...command, '-e', ENVIRONMENT];
  const ended = await runSlipway({ directory, args });
  violate(ended.code !== 0, tellOf(args, ended));
  return ended.stdout;
}

function checkService(
  { name, revision, weights, health, running, reason }: EnvironmentStatus['services'][number],
  state: State,
): void {
  violate(health !== 'healthy', `${name} is ${health}: ${reason}`);
  const sound = Object.entries(weights).every(([id, weight]) => weight === (id === revision ? 100 : 0));
  violate(
    !sound || weights[revision ?? ''] !== 100,
    `${name} has the weights ${JSON.stringify(weights)}, active is ${revision}.`,
  );
  const recorded = Object.keys((state.get(`service:${name}`) as ServiceRecord).revisions).sort();
  const there = running.map((one) => one.revision).sort();
  violate(recorded.join() !== there.join(), `${name}: ${there.join()} run, ${recorded.join()} are recorded.`);
  const instances = Object.values((state.get(`service:${name}`) as ServiceRecord).revisions);
  for (const { id, slots = [0] } of instances) {
    const have = running.find((one) => one.revision === id)?.slots ?? [0];
    violate(slots.join() !== have.join(), `${id} has the instances ${have.join()}, recorded are ${slots.join()}.`);
  }
  const down = running.filter((one) => one.state !== 'running');
  violate(down.length > 0, `${name}: ${down.map((one) => `${one.revision} is ${one.state}`).join(', ')}`);
}

/** One agent and at most one watcher of it, one process for each recorded revision that has one, and nothing else. */
function checkProcesses({ directory }: Shop, status: EnvironmentStatus, state: State): void {
  const { agents, watchers, others } = agentProcesses(directory);
  violate(agents.length !== 1, `${agents.length} agents run: ${agents.join(', ')}`);
  violate(watchers.length > 1, `${watchers.length} watch over the agent: ${watchers.join(', ')}`);
  const wanted: string[] = [];
  for (const record of state.values()) {
    if (record.kind !== 'service') continue;
    const run = Object.values(record.revisions).filter(({ spec }) => spec.run !== undefined);
    wanted.push(...run.flatMap(({ id, slots = [0] }) => slots.map(() => id)));
  }
  const there = others.map(({ pid, command, env }) => env.SLIPWAY_REVISION ?? `${pid} ${command}`);
  violate(
    there.sort().join() !== wanted.sort().join(),
    `These processes run: ${there.join()}; these should: ${wanted.join()}`,
  );
  const known = status.services.flatMap(({ running }) => running.flatMap(({ pid }) => pid ?? []));
  // Of several instances it tells one process; those of the others were counted above.
  const several = new Set(
    status.services.flatMap(({ running }) => running.filter(hasSeveral)).map((one) => one.revision),
  );
  const strangers = others.filter(({ pid, env }) => !known.includes(pid) && !several.has(env.SLIPWAY_REVISION ?? ''));
  violate(strangers.length > 0, `The agent does not know ${strangers.map(({ pid }) => pid).join(', ')}.`);
}

/** Each migration is there once: they note themselves. */
function checkMigrations({ stateDirectory }: Shop, { level }: Edition): void {
  const [file] = globSync(`${stateDirectory}/data/${ENVIRONMENT}/backend/*.{db,sqlite}`);
  const database = new DatabaseSync(file as string, { readOnly: true, timeout: 5_000 });
  try {
    const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'applied'").get();
    const rows = known ? database.prepare('SELECT level FROM applied ORDER BY level').all() : [];
    const applied = rows.map((row) => row.level as number);
    const wanted = Array.from({ length: level - FIRST_LEVELS }, (_, at) => FIRST_LEVELS + 1 + at);
    violate(applied.join() !== wanted.join(), `The migrations ${applied.join()} were applied, not ${wanted.join()}.`);
  } finally {
    database.close();
  }
}

function hasSeveral({ slots = [0] }: EnvironmentStatus['services'][number]['running'][number]): boolean {
  return slots.length > 1;
}
