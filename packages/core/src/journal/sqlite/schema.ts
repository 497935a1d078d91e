/**
 * The schema's history: entry N brings a database from version N to N + 1. An entry that was released is
 * never changed; a new need is a new entry.
 *
 * Text of records is kept byte for byte as it was hashed. The recorded world is temporal: `state` has what
 * holds now, `state_history` what held from the event `from_seq` until the event `to_seq`; so a snapshot is
 * only a sequence number.
 *
 * Every group commit writes the last page of each index it touches, so the tables that it fills have one
 * only: their `id` is the environment's number times {@link ID_SPAN}, plus the sequence number of the event
 * (`events`) or a count (`state`). Both grow with time within their environment.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;

  CREATE TABLE environments (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL DEFAULT 0,
    holder TEXT,
    expires_at INTEGER,
    seq INTEGER NOT NULL DEFAULT 0,
    hash TEXT NOT NULL,
    seal TEXT,
    state_seq INTEGER NOT NULL DEFAULT 0,
    durations_seq INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE events (id INTEGER PRIMARY KEY, content TEXT NOT NULL, hash TEXT NOT NULL) STRICT;

  CREATE TABLE state (
    id INTEGER PRIMARY KEY,
    address TEXT NOT NULL,
    record TEXT NOT NULL,
    from_seq INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE state_history (
    environment INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    address TEXT NOT NULL,
    from_seq INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (environment, to_seq, address)
  ) WITHOUT ROWID, STRICT;

  CREATE TABLE deployments (
    id TEXT PRIMARY KEY,
    environment INTEGER NOT NULL REFERENCES environments (id),
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    started_at TEXT,
    header TEXT
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX deployments_by_start ON deployments (started_at);

  CREATE TABLE plans (digest TEXT PRIMARY KEY, summary TEXT NOT NULL, plan TEXT NOT NULL) STRICT;

  CREATE TABLE durations (
    environment INTEGER NOT NULL,
    step TEXT NOT NULL,
    ms REAL NOT NULL,
    PRIMARY KEY (environment, step)
  ) WITHOUT ROWID, STRICT;

  CREATE TABLE artifacts (
    fingerprint TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_at TEXT NOT NULL
  ) WITHOUT ROWID, STRICT;

  CREATE TABLE requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment TEXT NOT NULL,
    what TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT
  ) STRICT;
  CREATE INDEX requests_by_deployment ON requests (deployment, number);
  `,
  // Artifacts are found through the event of their build; a lease is counted in the time of one boot too.
  `
  DROP TABLE artifacts;
  CREATE TABLE artifacts (fingerprint TEXT PRIMARY KEY, event INTEGER NOT NULL) WITHOUT ROWID, STRICT;

  ALTER TABLE environments ADD COLUMN lease_ms INTEGER;
  ALTER TABLE environments ADD COLUMN boot TEXT;
  ALTER TABLE environments ADD COLUMN steady_until INTEGER;

  CREATE INDEX deployments_by_place ON deployments (environment, first_seq);
  `,
];

/** Room for so many rows in each environment; 8,191 environments fit into exact integers. */
export const ID_SPAN = 2 ** 40;
