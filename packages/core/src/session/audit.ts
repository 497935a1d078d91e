import type { AuditFinding, AuditReport } from '../journal/store.ts';
import type { ArtifactStore } from '../release/artifact-store.ts';
import type { Workspace } from './workspace.ts';

/** The journal with all that follows from it, and the artifacts on disk: each must be what its digest says. */
export async function audit(workspace: Workspace, anchors: Record<string, string>): Promise<AuditReport> {
  const report = await workspace.store.audit({ anchors });
  return { ...report, findings: [...report.findings, ...(await auditArtifacts(workspace))] };
}

async function auditArtifacts({ store, artifacts }: Workspace): Promise<AuditFinding[]> {
  const findings: AuditFinding[] = [];
  for (const digest of await artifacts.list()) {
    const what = await troubleWith(artifacts, digest);
    if (what !== undefined) findings.push({ environment: '', seq: 0, what });
  }
  for (const environment of await store.environments()) {
    for (const record of (await store.state(environment)).values()) {
      if (record.kind !== 'service') continue;
      for (const { id, release } of Object.values(record.revisions)) {
        if (await artifacts.has(release.artifact)) continue;
        const what = `the artifact ${release.artifact} of ${record.address}, revision ${id}, is missing`;
        findings.push({ environment, seq: 0, what });
      }
    }
  }
  return findings;
}

async function troubleWith(artifacts: ArtifactStore, digest: string): Promise<string | undefined> {
  const folder = artifacts.pathOf(digest);
  try {
    return (await artifacts.isWhole(digest)) ? undefined : `the artifact ${folder} was altered`;
  } catch (error) {
    return `the artifact ${folder} can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
  }
}
