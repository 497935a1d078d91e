import { SlipwayError } from '../../errors.ts';
import type { LeaseClock } from '../lease-clock.ts';
import type { LockHolder, LockResult, LockState } from '../store.ts';
import type { Connection } from './connection.ts';
import type { HeadRow, Heads } from './head.ts';
import { ensureMark, requireKey, type StoreKey } from './key-mark.ts';
import { ID_SPAN } from './schema.ts';

interface LockRow {
  id: number;
  epoch: number;
  holder: string | null;
  expiresAt: number | null;
  leaseMs: number | null;
  boot: string | null;
  steadyUntil: number | null;
}

/** Whatever a row says, no lease runs longer. */
const LONGEST_LEASE_MS = 86_400_000;

const SELECT_LOCK = `SELECT id, epoch, holder, expires_at AS expiresAt, lease_ms AS leaseMs, boot,
  steady_until AS steadyUntil FROM environments WHERE name = ?`;
const TAKE = `UPDATE environments SET epoch = ?, holder = ?, expires_at = ?, lease_ms = ?, boot = ?, steady_until = ?
  WHERE name = ?`;
const RENEW = `UPDATE environments SET expires_at = ?, lease_ms = ?, boot = ?, steady_until = ?
  WHERE name = ? AND epoch = ? AND holder IS NOT NULL AND (holder = ?7 OR ?7 IS NULL)`;
const RELEASE = `UPDATE environments SET holder = NULL, expires_at = NULL, lease_ms = NULL, boot = NULL, steady_until = NULL
  WHERE name = ?1 AND epoch = ?2 AND (holder = ?3 OR ?3 IS NULL)`;
const NEWEST_EPOCH = `SELECT CASE WHEN json_valid(content) THEN content ->> '$.epoch' END AS epoch
  FROM events WHERE id > ? AND id < ? ORDER BY id DESC LIMIT 1`;

/** Locks live in the environments' rows, so that one row read tells an append both its place and its right. */
export class LockTable {
  readonly #connection: Connection;
  readonly #heads: Heads;
  readonly #key: StoreKey;
  readonly #clock: LeaseClock;
  /** What this process acquired last, by environment: who wrote its epoch is who may use it. */
  readonly #acquired = new Map<string, { epoch: number; holder: string }>();

  constructor(connection: Connection, heads: Heads, key: StoreKey, clock: LeaseClock) {
    this.#connection = connection;
    this.#heads = heads;
    this.#key = key;
    this.#clock = clock;
  }

  acquire(environment: string, holder: LockHolder, leaseMs: number, replacing: number | undefined): LockResult {
    return this.#connection.write(() => {
      requireKey(this.#connection, this.#key);
      ensureMark(this.#connection, this.#key);
      this.#heads.ensure(environment);
      const row = this.#connection.get<LockRow>(SELECT_LOCK, environment) as LockRow;
      const current = this.#describe(environment, row);
      if (current !== undefined && current.epoch !== replacing && this.#remaining(row) > 0) {
        this.#bound(environment, row);
        return { kind: 'held', by: current };
      }
      // The row alone could have been set back, and then two would hold the same epoch.
      const epoch = Math.max(row.epoch, this.#newestEpoch(row.id)) + 1;
      const text = JSON.stringify(holder);
      this.#connection.run(TAKE, epoch, text, ...this.#lease(leaseMs), environment);
      this.#acquired.set(environment, { epoch, holder: text });
      return { kind: 'acquired', epoch, ...(current === undefined ? {} : { tookOverFrom: current.holder }) };
    });
  }

  renew(environment: string, epoch: number, leaseMs: number): boolean {
    const holder = this.#holderOf(environment, epoch);
    return this.#connection.write(
      () => this.#connection.run(RENEW, ...this.#lease(leaseMs), environment, epoch, holder).changes === 1,
    );
  }

  /** Keeps the epoch: it only ever grows, also over releases. */
  release(environment: string, epoch: number): void {
    const holder = this.#holderOf(environment, epoch);
    this.#connection.write(() => this.#connection.run(RELEASE, environment, epoch, holder));
  }

  read(environment: string): LockState | undefined {
    const row = this.#connection.get<LockRow>(SELECT_LOCK, environment);
    return row && this.#describe(environment, row);
  }

  /** The epoch is the fence, not the clock: a lease that ran out still writes until someone else took over. */
  refuseFenced(environment: string, epoch: number, head: HeadRow | undefined): asserts head is HeadRow {
    const holder = this.#holderOf(environment, epoch);
    const isHeld = head !== undefined && head.holder !== null;
    if (isHeld && head.epoch === epoch && (holder === null || holder === head.holder)) return;
    const why = isHeld
      ? `another run took over ${environment} (epoch ${head.epoch}, this one has ${epoch})`
      : `nobody holds the lock of ${environment}`;
    throw new SlipwayError('fenced', `The write was refused: ${why}.`, {
      subject: environment,
      hint: 'See `slipway status`; what this run began is finished with `slipway resume`.',
      details: { epoch, inForce: head?.epoch ?? 0 },
    });
  }

  /** As this process wrote it; null when another one acquired that epoch. */
  #holderOf(environment: string, epoch: number): string | null {
    const acquired = this.#acquired.get(environment);
    return acquired?.epoch === epoch ? acquired.holder : null;
  }

  #newestEpoch(environment: number): number {
    const base = environment * ID_SPAN;
    return this.#connection.get<{ epoch: number | null }>(NEWEST_EPOCH, base, base + ID_SPAN)?.epoch ?? 0;
  }

  #lease(leaseMs: number): [expiresAt: number, leaseMs: number, boot: string | null, steadyUntil: number] {
    const { boot } = this.#clock;
    return [this.#clock.wall() + leaseMs, leaseMs, boot, this.#clock.steady() + leaseMs];
  }

  /** How long the lease still runs, in ms; not positive when it has run out. */
  #remaining({ boot, steadyUntil, expiresAt, leaseMs }: LockRow): number {
    const isSteady = boot !== null && boot === this.#clock.boot && steadyUntil !== null;
    const left = isSteady ? steadyUntil - this.#clock.steady() : (expiresAt ?? 0) - this.#clock.wall();
    return Math.min(left, leaseMs ?? LONGEST_LEASE_MS, LONGEST_LEASE_MS);
  }

  /**
   * A lease can't end later than its length from now. If it says so, the wall clock was set back: its holder
   * renews it, or is gone; then it runs out from now on, and not when the clock gets there again.
   */
  #bound(environment: string, row: LockRow): void {
    const until = this.#clock.wall() + this.#remaining(row);
    if (row.expiresAt === null || row.expiresAt <= until) return;
    this.#connection.run('UPDATE environments SET expires_at = ? WHERE name = ?', until, environment);
  }

  /** `expiresAt` is told by the wall clock as it stands now. */
  #describe(environment: string, row: LockRow): LockState | undefined {
    if (row.holder === null || row.expiresAt === null) return undefined;
    const left = Math.max(this.#remaining(row), -LONGEST_LEASE_MS);
    const expiresAt = new Date(this.#clock.wall() + left).toISOString();
    return { environment, epoch: row.epoch, holder: this.#readHolder(environment, row.holder), expiresAt };
  }

  #readHolder(environment: string, text: string): LockHolder {
    try {
      return JSON.parse(text) as LockHolder;
    } catch (cause) {
      const { file } = this.#connection;
      throw new SlipwayError('state-corrupt', `Who holds the lock of ${environment} is not readable in ${file}.`, {
        subject: file,
        hint: 'Run `slipway audit verify`, and put back a copy of the file from before it was damaged.',
        cause,
      });
    }
  }
}
