import { SlipwayError } from '../../errors.ts';
import type { BuiltArtifact, NewEvent } from '../event.ts';
import { CHAIN_START, chainHash, readEventText } from '../event-text.ts';
import type { ArtifactEntry } from '../store.ts';
import type { Connection } from './connection.ts';
import { ID_SPAN } from './schema.ts';

interface BuildRow {
  event: number;
  content: string | null;
  hash: string | null;
  previous: string | null;
}

const UPSERT = `INSERT INTO artifacts (fingerprint, event) VALUES (?, ?)
  ON CONFLICT (fingerprint) DO UPDATE SET event = excluded.event`;
const SELECT = `SELECT artifacts.event, built.content, built.hash, before.hash AS previous FROM artifacts
  LEFT JOIN events AS built ON built.id = artifacts.event
  LEFT JOIN events AS before ON before.id = artifacts.event - 1
  WHERE artifacts.fingerprint = ?`;

/** What an event says was built. */
export function builtBy(event: NewEvent): BuiltArtifact | undefined {
  return event.type === 'step.succeeded' ? event.data.artifact : undefined;
}

/** Where the newest build of each fingerprint stands in the journal; call it within the event's transaction. */
export function indexArtifact(connection: Connection, environment: number, seq: number, event: NewEvent): void {
  const built = builtBy(event);
  if (built !== undefined) connection.run(UPSERT, built.fingerprint, environment * ID_SPAN + seq);
}

/** Reads it from its event, never from beside it: a row that was altered can't name another artifact. */
export function readArtifact(connection: Connection, fingerprint: string): ArtifactEntry | undefined {
  const row = connection.get<BuildRow>(SELECT, fingerprint);
  if (row === undefined) return undefined;
  const entry = entryOf(row);
  if (entry?.fingerprint === fingerprint) return entry;
  throw new SlipwayError('journal-tampered', `What was built as ${fingerprint} is not what the journal says.`, {
    subject: fingerprint,
    hint: 'Run `slipway audit verify`.',
  });
}

function entryOf({ event, content, hash, previous }: BuildRow): ArtifactEntry | undefined {
  const before = event % ID_SPAN === 1 ? CHAIN_START : previous;
  if (content === null || hash === null || before === null || chainHash(before, content) !== hash) return undefined;
  const record = readEventText(content, before, hash);
  const built = builtBy(record);
  return built && { ...built, createdAt: record.at };
}
