import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { storeSamples } from '@slipway/provider-testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { chainHash } from '../../src/journal/event-text.ts';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';
import { ID_SPAN } from '../../src/journal/sqlite/schema.ts';
import type { AuditFinding, Store } from '../../src/journal/store.ts';
import { KEY } from './places.ts';

const { built, ended, lockSample, put, remove, samplePlan, started, stateChanged, status, stepStarted, stepSucceeded } =
  storeSamples;

let directory: string;
let original: string;
let copies = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'slipway-tampering-'));
  original = join(directory, 'original.db');
  const store = await openSqliteStore({ file: original, key: KEY });
  for (const environment of ['dev', 'prod']) {
    const epoch = await lockSample(store, environment);
    const plan = samplePlan(environment, ['create', 'update']);
    await store.savePlan(plan);
    await store.append(environment, epoch, [
      started(`1${environment}`, plan),
      status(`1${environment}`, 'in_progress'),
    ]);
    await store.append(environment, epoch, [
      stepStarted(`1${environment}`, 'resource:a/create'),
      stepSucceeded(`1${environment}`, 'resource:a/create', 10, put('a', 1), put('b', 1)),
      built(`1${environment}`, `of-${environment}`, 'good'),
      built(`1${environment}`, 'of-both', `made-in-${environment}`),
      ended(`1${environment}`, 'failed'),
    ]);
    await store.append(environment, epoch, [stateChanged(put('a', 2)), stateChanged(remove('b'), put('c', 1))]);
    await store.append(environment, epoch, [started(`2${environment}`, plan, '2026-02-02T00:00:00.000Z')]);
  }
  await store.close();
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A copy to falsify, written from outside as anybody with the file could. */
async function falsify(change: (database: DatabaseSync) => void): Promise<string> {
  copies += 1;
  const file = join(directory, `copy-${copies}.db`);
  await copyFile(original, file);
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  change(database);
  database.close();
  return file;
}

async function auditFile(file: string): Promise<AuditFinding[]> {
  const store = await openSqliteStore({ file, key: KEY });
  const { findings } = await store.audit();
  await store.close();
  rmSync(file);
  return findings;
}

async function findingsAfter(change: (database: DatabaseSync) => void): Promise<AuditFinding[]> {
  return auditFile(await falsify(change));
}

/** Every column that the journal proves. Leases, estimates and requests come from no record, and nothing hangs on them. */
const PROVEN: Record<string, string[]> = {
  events: ['id', 'content', 'hash'],
  state: ['address', 'record', 'from_seq'],
  state_history: ['environment', 'to_seq', 'address', 'from_seq', 'record'],
  deployments: ['id', 'environment', 'first_seq', 'last_seq', 'started_at', 'header'],
  plans: ['digest', 'summary', 'plan'],
  artifacts: ['fingerprint', 'event'],
  environments: ['name', 'seq', 'hash', 'seal', 'state_seq'],
  meta: ['value'],
};

interface Cell {
  table: string;
  key: string;
  row: Record<string, SQLOutputValue>;
  column: string;
}

/** The rows of a table with the column (or columns) that name one. */
function rowsOf(database: DatabaseSync, table: string): { key: string; row: Record<string, SQLOutputValue> }[] {
  const info = database.prepare(`PRAGMA table_info(${table})`).all() as { name: string; pk: number }[];
  const names = info.filter((column) => column.pk > 0).map((column) => column.name);
  const rows = database.prepare(`SELECT * FROM ${table}`).all();
  const literal = (value: SQLOutputValue | undefined) => (typeof value === 'string' ? `'${value}'` : `${value}`);
  return rows.map((row) => ({ row, key: names.map((name) => `${name} = ${literal(row[name])}`).join(' AND ') }));
}

function allCells(): Cell[] {
  const database = new DatabaseSync(original, { readOnly: true });
  const cells = Object.entries(PROVEN).flatMap(([table, columns]) =>
    rowsOf(database, table).flatMap(({ key, row }) => columns.map((column) => ({ table, key, row, column }))),
  );
  database.close();
  return cells;
}

function otherValue(value: SQLOutputValue | undefined): string | number {
  if (typeof value === 'number') return value + 1000;
  const text = String(value ?? '');
  const middle = Math.floor(text.length / 2);
  return `${text.slice(0, middle)}${text[middle] === '1' ? '2' : '1'}${text.slice(middle + 1)}`;
}

describe('audit', () => {
  it('finds nothing in what nobody touched', async () => {
    expect(await findingsAfter(() => {})).toEqual([]);
  });

  it('finds any single value that was altered', async () => {
    for (const { table, key, row, column } of allCells()) {
      const findings = await findingsAfter((database) => {
        database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${key}`).run(otherValue(row[column]));
      });
      expect(findings, `${table}.${column} where ${key}`).not.toEqual([]);
    }
  });

  it('finds any single row that was deleted', async () => {
    const rows = new Map(allCells().map((cell) => [`${cell.table} ${cell.key}`, cell]));
    for (const { table, key } of rows.values()) {
      const findings = await findingsAfter((database) => database.exec(`DELETE FROM ${table} WHERE ${key}`));
      expect(findings, `${table} where ${key}`).not.toEqual([]);
    }
  });

  it('finds any character of a record that was altered, removed or added, and names where', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        fc.nat(),
        fc.constantFrom('', 'x', '"', ' 1'),
        async (seq, at, by) => {
          const findings = await findingsAfter((database) => {
            const id = ID_SPAN + seq;
            const { content } = database.prepare('SELECT content FROM events WHERE id = ?').get(id) as {
              content: string;
            };
            const place = at % content.length;
            const altered = content.slice(0, place) + by + content.slice(place + (at % 2));
            fc.pre(altered !== content);
            database.prepare('UPDATE events SET content = ? WHERE id = ?').run(altered, id);
          });
          expect(findings).toContainEqual({
            environment: 'dev',
            seq,
            what: 'the record was altered, or does not continue the one before',
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds any two records that changed places, and records that were put in or moved between environments', async () => {
    const swap = (database: DatabaseSync, a: number, b: number) => {
      const move = database.prepare('UPDATE events SET id = ? WHERE id = ?');
      move.run(1, a);
      move.run(a, b);
      move.run(b, 1);
    };
    for (let first = 1; first <= 9; first += 1) {
      const findings = await findingsAfter((database) => swap(database, ID_SPAN + first, ID_SPAN + first + 1));
      expect(findings.map((finding) => finding.seq)).toContain(first);
    }
    expect(await findingsAfter((database) => swap(database, ID_SPAN + 3, 2 * ID_SPAN + 3))).not.toEqual([]);
    const insert = 'INSERT INTO events (id, content, hash) SELECT ?, content, hash FROM events WHERE id = ?';
    for (const place of [ID_SPAN, ID_SPAN + 11, ID_SPAN + 20, 2 * ID_SPAN + 11, 9 * ID_SPAN + 1]) {
      const findings = await findingsAfter((database) => {
        database.prepare(insert).run(place, ID_SPAN + 1);
      });
      expect(findings, `at ${place}`).not.toEqual([]);
    }
  });

  it('finds records of tables that the journal does not give', async () => {
    const added = [
      `INSERT INTO state (id, address, record, from_seq) SELECT id + 100, 'resource:z', record, from_seq FROM state`,
      `INSERT INTO state (id, address, record, from_seq) SELECT id + 100, address, record, from_seq FROM state`,
      `INSERT INTO state (id, address, record, from_seq) VALUES (1, 'resource:z', '{}', 1)`,
      `INSERT INTO state_history SELECT environment, to_seq + 1, address, from_seq, record FROM state_history`,
      `INSERT INTO deployments SELECT id || 'x', environment, first_seq, last_seq, started_at, header FROM deployments`,
      `INSERT INTO environments (name, hash) VALUES ('new', 'x')`,
      `INSERT INTO artifacts (fingerprint, event) SELECT 'new', event FROM artifacts LIMIT 1`,
      `UPDATE artifacts SET event = (SELECT event FROM artifacts WHERE fingerprint = 'of-prod')`,
      `INSERT INTO environments (name, hash, seq) VALUES ('new', 'x', 1)`,
    ];
    for (const sql of added) expect(await findingsAfter((database) => database.exec(sql)), sql).not.toEqual([]);
  });

  /** What someone without the key can do at best: cut, and write a consistent chain and head again. */
  function rewrite(database: DatabaseSync, cutTo: number, alter: (content: string) => string): void {
    database.prepare('DELETE FROM events WHERE id > ? AND id < ?').run(ID_SPAN + cutTo, 2 * ID_SPAN);
    let hash = '0'.repeat(64);
    for (let seq = 1; seq <= cutTo; seq += 1) {
      const { content } = database.prepare('SELECT content FROM events WHERE id = ?').get(ID_SPAN + seq) as {
        content: string;
      };
      const altered = alter(content);
      hash = chainHash(hash, altered);
      database.prepare('UPDATE events SET content = ?, hash = ? WHERE id = ?').run(altered, hash, ID_SPAN + seq);
    }
    database.prepare('UPDATE environments SET seq = ?, hash = ? WHERE id = 1').run(cutTo, hash);
  }

  it.each([
    ['a shorter chain', 6, (content: string) => content],
    ['a chain with other content', 10, (content: string) => content.replaceAll('someone', 'another')],
  ])('finds %s written without the key, and refuses to continue it', async (_, cutTo, alter) => {
    const file = await falsify((database) => rewrite(database, cutTo, alter));
    const store = await openSqliteStore({ file, key: KEY });
    onTestFinished(() => store.close());
    const result = await store.acquireLock('dev', storeSamples.sampleHolder('x'), 60_000, { replacing: 1 });
    expect(result).toMatchObject({ kind: 'acquired', epoch: 2 });
    await expect(store.append('dev', 2, [stateChanged()])).rejects.toMatchObject({ code: 'journal-tampered' });
    expect((await store.audit()).findings).toContainEqual({
      environment: 'dev',
      seq: cutTo,
      what: 'the end of the journal is not sealed with this key',
    });
  });

  it('finds an environment that vanished whole, and refuses to begin it anew', async () => {
    for (const erase of [
      'DELETE FROM environments WHERE id = 1',
      `UPDATE environments SET seq = 0, hash = '${'0'.repeat(64)}', seal = NULL, state_seq = 0 WHERE id = 1`,
    ]) {
      const file = await falsify((database) => {
        database.prepare('DELETE FROM events WHERE id < ?').run(2 * ID_SPAN);
        database.prepare('DELETE FROM state WHERE id < ?').run(2 * ID_SPAN);
        database.exec('DELETE FROM state_history WHERE environment = 1; DELETE FROM deployments WHERE environment = 1');
        database.exec(erase);
      });
      const store = await openSqliteStore({ file, key: KEY });
      expect((await store.audit()).findings).not.toEqual([]);
      const result = await store.acquireLock('dev', storeSamples.sampleHolder('x'), 60_000, { replacing: 1 });
      if (result.kind !== 'acquired') throw new Error('not acquired');
      await expect(store.append('dev', result.epoch, [stateChanged()])).rejects.toMatchObject({
        code: 'journal-tampered',
      });
      await store.close();
    }
  });

  it('finds a journal that was put back to an earlier, genuine state by its anchor alone', async () => {
    const store = await openSqliteStore({ file: await falsify(() => {}), key: KEY });
    onTestFinished(() => store.close());
    const anchors = { dev: `11:${'a'.repeat(64)}` };
    expect((await store.audit()).findings).toEqual([]);
    expect((await store.audit({ anchors })).findings).toEqual([
      { environment: 'dev', seq: 11, what: 'the anchored record is missing' },
    ]);
  });

  it('finds that another key sealed it', async () => {
    const store = await openSqliteStore({ file: await falsify(() => {}), key: new Uint8Array(32) });
    onTestFinished(() => store.close());
    const { findings } = await store.audit();
    expect(findings).toMatchObject([{ environment: '', seq: 0 }]);
    expect(findings[0]?.what).toContain('is not the one that this state was recorded with');
  });

  it('finds an epoch below those that the records were written under', async () => {
    expect(await findingsAfter((database) => database.exec('UPDATE environments SET epoch = 0 WHERE id = 1'))).toEqual([
      { environment: 'dev', seq: 10, what: "the lock's epoch fell from 1 to 0" },
    ]);
  });
});

describe('an artifact', () => {
  it('is read from the journal: a row that was altered never names another one', async () => {
    const alterations = [
      `UPDATE artifacts SET event = (SELECT event FROM artifacts WHERE fingerprint = 'of-prod') WHERE fingerprint = 'of-dev'`,
      `UPDATE artifacts SET event = event + 1 WHERE fingerprint = 'of-dev'`,
      `UPDATE artifacts SET event = 5 WHERE fingerprint = 'of-dev'`,
      `UPDATE events SET content = replace(content, 'good', 'evil')`,
    ];
    for (const sql of alterations) {
      const store = await openSqliteStore({ file: await falsify((database) => database.exec(sql)), key: KEY });
      onTestFinished(() => store.close());
      await expect(store.artifact('of-dev'), sql).rejects.toMatchObject({ code: 'journal-tampered' });
    }
  });
});

describe('the fence', () => {
  const take = async (store: Store, id: string, replacing?: number): Promise<number> => {
    const options = replacing === undefined ? {} : { replacing };
    const result = await store.acquireLock('dev', storeSamples.sampleHolder(id), 60_000, options);
    if (result.kind !== 'acquired') throw new Error('not acquired');
    return result.epoch;
  };

  /** Two runs, as two processes have them; `set` is what somebody makes of the epoch while the first holds it. */
  async function twoHolders(begin: 'writes' | 'waits', set: number): Promise<[first: Store, second: Store]> {
    const file = await falsify((database) => database.exec('UPDATE environments SET holder = NULL'));
    const [first, second] = [await openSqliteStore({ file, key: KEY }), await openSqliteStore({ file, key: KEY })];
    onTestFinished(async () => {
      await first.close();
      await second.close();
    });
    expect(await take(first, 'first')).toBe(2);
    if (begin === 'writes') await first.append('dev', 2, [stateChanged()]);
    const outside = new DatabaseSync(file);
    outside.prepare('UPDATE environments SET epoch = ? WHERE id = 1').run(set);
    outside.close();
    return [first, second];
  }

  it.each([
    ['writes', -5],
    ['writes', 1],
    ['writes', 900],
    ['waits', 1],
    ['waits', 0],
    ['waits', 900],
  ] as const)('lets one write at a time when the first %s and the epoch was altered to %d', async (begin, set) => {
    const [first, second] = await twoHolders(begin, set);
    const epoch = await take(second, 'second', set);
    await expect(first.append('dev', 2, [stateChanged()])).rejects.toMatchObject({ code: 'fenced' });
    expect(await first.renewLock('dev', 2, 60_000)).toBe(false);
    await first.releaseLock('dev', 2);
    await second.append('dev', epoch, [stateChanged()]);
    expect(await second.readLock('dev')).toMatchObject({ epoch, holder: { id: 'second' } });
    const events = await second.events({ environment: 'dev' });
    expect(events.map((event) => event.epoch)).toEqual(events.map((event) => event.epoch).toSorted((a, b) => a - b));
  });
});
