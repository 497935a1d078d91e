import { buildFingerprint } from '../release/release-parts.ts';
import type { RevisionRecord } from '../state/record.ts';
import type { DesiredRevision } from './step.ts';

/** A recorded revision, to be run again. */
export function desiredRevision(revision: RevisionRecord): DesiredRevision {
  const { version, fingerprint, parts, artifact } = revision.release;
  return {
    id: revision.id,
    release: { version, fingerprint, parts },
    artifact,
    buildFingerprint: buildFingerprint(parts),
    spec: revision.spec,
    ...(revision.declared ? { declared: revision.declared } : {}),
    secrets: revision.secrets,
  };
}
