import type { ArtifactEntry } from '../store.ts';
import type { Connection } from './connection.ts';

/** The newest build of a fingerprint counts. */
export function saveArtifact(connection: Connection, entry: ArtifactEntry): void {
  const sql = `INSERT INTO artifacts (fingerprint, digest, size_bytes, created_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (fingerprint) DO UPDATE
    SET digest = excluded.digest, size_bytes = excluded.size_bytes, created_at = excluded.created_at`;
  connection.write(() => connection.run(sql, entry.fingerprint, entry.digest, entry.sizeBytes, entry.createdAt));
}

export function readArtifact(connection: Connection, fingerprint: string): ArtifactEntry | undefined {
  const sql = `SELECT digest, fingerprint, size_bytes AS sizeBytes, created_at AS createdAt
    FROM artifacts WHERE fingerprint = ?`;
  const row = connection.get<ArtifactEntry>(sql, fingerprint);
  return row === undefined ? undefined : { ...row };
}
