import { SlipwayError } from '../../errors.ts';
import type { LockHolder, LockResult, LockState } from '../store.ts';
import type { Connection } from './connection.ts';
import type { HeadRow, Heads } from './head.ts';

interface LockRow {
  epoch: number;
  holder: string | null;
  expiresAt: number | null;
}

const SELECT_LOCK = 'SELECT epoch, holder, expires_at AS expiresAt FROM environments WHERE name = ?';

/** Locks live in the environments' rows, so that one row read tells an append both its place and its right. */
export class LockTable {
  readonly #connection: Connection;
  readonly #heads: Heads;
  readonly #now: () => number;

  constructor(connection: Connection, heads: Heads, now: () => number) {
    this.#connection = connection;
    this.#heads = heads;
    this.#now = now;
  }

  acquire(environment: string, holder: LockHolder, leaseMs: number, replacing: number | undefined): LockResult {
    return this.#connection.write(() => {
      this.#heads.ensure(environment);
      const row = this.#connection.get<LockRow>(SELECT_LOCK, environment);
      const current = row === undefined ? undefined : describe(environment, row);
      const now = this.#now();
      const lives = current !== undefined && Date.parse(current.expiresAt) > now && current.epoch !== replacing;
      if (lives) return { kind: 'held', by: current };
      const epoch = (row?.epoch ?? 0) + 1;
      this.#connection.run(
        'UPDATE environments SET epoch = ?, holder = ?, expires_at = ? WHERE name = ?',
        epoch,
        JSON.stringify(holder),
        now + leaseMs,
        environment,
      );
      return { kind: 'acquired', epoch, ...(current === undefined ? {} : { tookOverFrom: current.holder }) };
    });
  }

  renew(environment: string, epoch: number, leaseMs: number): boolean {
    const sql = 'UPDATE environments SET expires_at = ? WHERE name = ? AND epoch = ? AND holder IS NOT NULL';
    const until = this.#now() + leaseMs;
    return this.#connection.write(() => this.#connection.run(sql, until, environment, epoch).changes === 1);
  }

  /** Keeps the epoch: it only ever grows, also over releases. */
  release(environment: string, epoch: number): void {
    const sql = 'UPDATE environments SET holder = NULL, expires_at = NULL WHERE name = ? AND epoch = ?';
    this.#connection.write(() => this.#connection.run(sql, environment, epoch));
  }

  read(environment: string): LockState | undefined {
    const row = this.#connection.get<LockRow>(SELECT_LOCK, environment);
    return row === undefined ? undefined : describe(environment, row);
  }
}

function describe(environment: string, row: LockRow): LockState | undefined {
  if (row.holder === null || row.expiresAt === null) return undefined;
  const holder = JSON.parse(row.holder) as LockHolder;
  return { environment, epoch: row.epoch, holder, expiresAt: new Date(row.expiresAt).toISOString() };
}

/** The epoch is the fence, not the clock: a lease that ran out still writes until someone else took over. */
export function refuseFenced(environment: string, epoch: number, head: HeadRow | undefined): asserts head is HeadRow {
  if (head !== undefined && head.held === 1 && head.epoch === epoch) return;
  const why =
    head === undefined || head.held === 0
      ? `nobody holds the lock of ${environment}`
      : `another run took over ${environment} (epoch ${head.epoch}, this one has ${epoch})`;
  throw new SlipwayError('fenced', `The write was refused: ${why}.`, {
    subject: environment,
    hint: 'See `slipway status`; what this run began is finished with `slipway resume`.',
    details: { epoch, inForce: head?.epoch ?? 0 },
  });
}
