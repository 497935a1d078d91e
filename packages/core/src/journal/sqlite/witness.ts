import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { SlipwayError } from '../../errors.ts';
import type { Connection } from './connection.ts';

const SLOT_BYTES = 8;

/**
 * How far each chain has come, noted beside the state file after every commit. SQLite takes a state whose
 * write-ahead log was removed, or that an older copy was put in place of, for whole; this tells the difference.
 * Never ahead of the state: noted after the commit, and without a sync of its own, so that it costs nothing.
 */
export class Witness {
  readonly file: string;
  #descriptor: number | undefined;

  constructor(stateFile: string) {
    this.file = `${stateFile}-seen`;
  }

  /** Notes the newest record of an environment. What can't be noted is not seen: no reason to fail what is durable. */
  note(environment: number, seq: number): void {
    const slot = Buffer.alloc(SLOT_BYTES);
    slot.writeBigUInt64LE(BigInt(seq));
    try {
      this.#descriptor ??= openForSlots(this.file);
      writeSync(this.#descriptor, slot, 0, SLOT_BYTES, environment * SLOT_BYTES);
    } catch {
      this.close();
    }
  }

  /** Throws `state-behind` when records were seen that the state doesn't have. */
  check(connection: Connection): void {
    // Read first: what is noted meanwhile is in the state by then.
    const noted = readSlots(this.file);
    const isEmpty = connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version === 0;
    for (let id = 1; (id + 1) * SLOT_BYTES <= noted.length; id += 1) {
      const seen = noted.readBigUInt64LE(id * SLOT_BYTES);
      const has = isEmpty ? 0 : newestRecord(connection, id);
      if (seen > BigInt(has)) throw this.#behind(connection.file, seen, has);
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #behind(file: string, seen: bigint, has: number): SlipwayError {
    return new SlipwayError(
      'state-behind',
      `The state ${file} ends at record ${has}, but ${seen} were written: its write-ahead log ${file}-wal was removed, or an older copy put in its place.`,
      {
        subject: file,
        hint: `Put back the newest copy, with its -wal file if there is one; let a deployment that still runs end first. If this older state is meant, remove ${this.file}: what was recorded after it is forgotten.`,
      },
    );
  }
}

function newestRecord(connection: Connection, environment: number): number {
  return connection.get<{ seq: number }>('SELECT seq FROM environments WHERE id = ?', environment)?.seq ?? 0;
}

/** For reading and writing at any place; made if it isn't there, never cut. */
function openForSlots(file: string): number {
  try {
    return openSync(file, 'r+');
  } catch {
    return openSync(file, 'wx+', 0o600);
  }
}

function readSlots(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
