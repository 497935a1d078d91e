import { setImmediate as nextTurn } from 'node:timers/promises';
import { SlipwayError } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { hasSoundDigest } from '../../plan/plan-digest.ts';
import { type PlanSummary, summarizePlan } from '../deployment-projection.ts';
import { CHAIN_START } from '../event-text.ts';
import { sealHead, sealRegister } from '../seal.ts';
import type { AuditReport } from '../store.ts';
import { BuildAudit } from './audit-builds.ts';
import { ChainAudit, type EventRow } from './audit-chain.ts';
import type { Connection } from './connection.ts';
import { Findings } from './findings.ts';
import { keyIn, readMark, requireKey, type StoreKey } from './key-mark.ts';
import { readRegister } from './register.ts';
import { ID_SPAN } from './schema.ts';

interface EnvironmentRow {
  id: number;
  name: string;
  epoch: number;
  seq: number;
  hash: string;
  seal: string | null;
  stateSeq: number;
}

const CHUNK = 2_000;

/**
 * Holds every record against its hash, every end against its seal and the anchors, and everything that is
 * projected against what the journal gives. Streams: memory is bounded by the living state, and other work
 * gets its turn in between. `unsealed`: whoever asks has no key to check seals with. Durations, leases and
 * people's requests aren't proven: nothing but estimates, waiting and the offer to stop hangs on them.
 */
export async function audit(
  connection: Connection,
  key: StoreKey | 'unsealed',
  anchors: Record<string, string>,
): Promise<AuditReport> {
  connection.database.exec('BEGIN');
  const findings = new Findings();
  for (const row of connection.all<{ integrity_check: string }>('PRAGMA integrity_check(20)')) {
    if (row.integrity_check !== 'ok') findings.add('', 0, `the database file is damaged: ${row.integrity_check}`);
  }
  const environments = readEnvironments(connection);
  const seals = key === 'unsealed' ? undefined : checkKey(connection, key, environments, findings);
  if (seals !== undefined) checkRegister(connection, seals, environments, findings);
  checkStrays(connection, findings);
  const plans = checkPlans(connection, findings);
  const builds = new BuildAudit();
  const chains: AuditReport['chains'] = [];
  for (const environment of environments) {
    const anchor = anchors[environment.name];
    const chain = await auditChain(connection, seals, environment, { plans, builds }, anchor, findings);
    if (chain.records > 0) chains.push({ environment: environment.name, ...chain });
  }
  for (const name of Object.keys(anchors)) {
    if (!environments.some((environment) => environment.name === name)) {
      findings.add(name, parseAnchor(name, anchors[name] ?? '').seq, 'the anchored environment has no journal');
    }
  }
  builds.compare(connection, findings);
  return { chains, findings: findings.finish() };
}

async function auditChain(
  connection: Connection,
  seals: Uint8Array | undefined,
  environment: EnvironmentRow,
  known: { plans: ReadonlyMap<string, PlanSummary>; builds: BuildAudit },
  anchor: string | undefined,
  findings: Findings,
): Promise<{ records: number; head: string }> {
  const { id, name } = environment;
  const anchored = anchor === undefined ? undefined : parseAnchor(name, anchor);
  const chain = new ChainAudit(connection, environment, known, findings);
  const sql = 'SELECT id, content, hash FROM events WHERE id > ? AND id < ? ORDER BY id LIMIT ?';
  const base = id * ID_SPAN;
  let records = 0;
  let anchorSeen = anchored === undefined || anchored.seq === 0;
  let after = base - 1;
  for (;;) {
    const rows = connection.all<EventRow & { id: number }>(sql, after, base + ID_SPAN, CHUNK);
    for (const { id, content, hash } of rows) {
      const seq = id - base;
      chain.check({ seq, content, hash });
      if (seq === anchored?.seq) {
        anchorSeen = true;
        if (hash !== anchored.hash) findings.add(name, seq, 'the record is not the anchored one');
      }
    }
    records += rows.length;
    if (rows.length < CHUNK) break;
    after = rows.at(-1)?.id ?? after;
    await nextTurn();
  }
  if (!anchorSeen) findings.add(name, anchored?.seq ?? 0, 'the anchored record is missing');
  chain.finish();
  checkHead(seals, environment, chain, findings);
  return { records, head: `${chain.seq}:${chain.hash}` };
}

function checkHead(
  seals: Uint8Array | undefined,
  environment: EnvironmentRow,
  chain: ChainAudit,
  findings: Findings,
): void {
  const { name, seq, hash, seal, epoch, stateSeq } = environment;
  if (seq > chain.seq) findings.add(name, chain.seq + 1, `the newest records are missing, up to ${seq}`);
  if (seq < chain.seq) findings.add(name, seq + 1, 'records were added behind the end');
  if (seq === chain.seq && hash !== chain.hash)
    findings.add(name, seq, 'the newest record is not the one that was written');
  const isStart = seq === 0 && seal === null && hash === CHAIN_START;
  const isSealed = seals === undefined || isStart || (seq > 0 && seal === sealHead(seals, name, seq, hash));
  if (!isSealed) findings.add(name, seq, 'the end of the journal is not sealed with this key');
  if (epoch < chain.epoch) findings.add(name, chain.seq, `the lock's epoch fell from ${chain.epoch} to ${epoch}`);
  if (stateSeq !== chain.stateSeq) {
    findings.add(name, chain.stateSeq, 'the number of the newest change of state is not what the journal gives');
  }
}

function readEnvironments(connection: Connection): EnvironmentRow[] {
  const sql = 'SELECT id, name, epoch, seq, hash, seal, state_seq AS stateSeq FROM environments ORDER BY name';
  return connection.all<EnvironmentRow>(sql);
}

/** The key that the seals are checked with; undefined when they can't be. */
function checkKey(
  connection: Connection,
  key: StoreKey,
  environments: readonly EnvironmentRow[],
  findings: Findings,
): Uint8Array | undefined {
  try {
    requireKey(connection, key);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    findings.add('', 0, `the seals can't be checked: ${error.message}`);
    return undefined;
  }
  if (readMark(connection) === undefined && environments.some((row) => row.seq > 0)) {
    findings.add('', 0, 'which key the journal was begun with was removed');
  }
  return keyIn(key);
}

function checkRegister(
  connection: Connection,
  key: Uint8Array,
  environments: readonly EnvironmentRow[],
  findings: Findings,
): void {
  const names = environments.filter((row) => row.seq > 0).map((row) => row.name);
  const register = readRegister(connection);
  if (register === undefined && names.length === 0) return;
  if (register !== sealRegister(key, names)) findings.add('', 0, 'environments were added, removed or renamed');
}

/** Rows that belong to no environment are reached by no chain. */
function checkStrays(connection: Connection, findings: Findings): void {
  const owners = {
    events: `id / ${ID_SPAN}`,
    state: `id / ${ID_SPAN}`,
    state_history: 'environment',
    deployments: 'environment',
  };
  for (const [table, owner] of Object.entries(owners)) {
    const sql = `SELECT count(*) AS strays FROM ${table} WHERE ${owner} NOT IN (SELECT id FROM environments)`;
    const strays = connection.get<{ strays: number }>(sql)?.strays ?? 0;
    if (strays > 0) findings.add('', 0, `${strays} rows of ${table} belong to no environment`);
  }
}

function checkPlans(connection: Connection, findings: Findings): Map<string, PlanSummary> {
  const summaries = new Map<string, PlanSummary>();
  for (const row of connection.statement('SELECT digest, summary, plan FROM plans').iterate()) {
    const digest = row.digest as string;
    try {
      const plan = JSON.parse(row.plan as string) as Plan;
      const summary = summarizePlan(plan);
      if (plan.digest !== digest || !hasSoundDigest(plan)) {
        findings.add(plan.environment, 0, `the plan ${digest} was altered`);
      } else if (JSON.stringify(summary) !== row.summary) {
        findings.add(plan.environment, 0, `the summary of the plan ${digest} was altered`);
      }
      summaries.set(digest, summary);
    } catch {
      findings.add('', 0, `the plan ${digest} is not readable`);
    }
  }
  return summaries;
}

function parseAnchor(environment: string, anchor: string): { seq: number; hash: string } {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(anchor);
  if (match !== null) return { seq: Number(match[1]), hash: match[2] ?? '' };
  throw new SlipwayError('bad-anchor', `The anchor of ${environment} is not of the form NUMBER:HASH.`, {
    subject: environment,
    hint: 'Give what an earlier `slipway audit verify` printed as the head.',
  });
}
