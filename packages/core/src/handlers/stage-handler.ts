import { nameOf } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { StepHandlers } from '../execute/handler.ts';
import type { DesiredRevision } from '../plan/step.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ArtifactStore } from '../release/artifact-store.ts';
import { configDigest, releaseFingerprint } from '../release/release-parts.ts';
import type { RevisionRecord, ServiceRecord } from '../state/record.ts';

/** Which artifact was built under a build fingerprint. */
export type ArtifactLookup = (fingerprint: string) => Promise<string | undefined>;

/** The digest of a revision's artifact: known at plan time, or built by this plan. */
export async function artifactOf(revision: DesiredRevision, subject: string, lookup: ArtifactLookup): Promise<string> {
  const digest = revision.artifact ?? (await lookup(revision.buildFingerprint));
  if (digest !== undefined) return digest;
  throw new SlipwayError('artifact-missing', `Nothing was built for ${revision.id}.`, {
    subject,
    hint: 'Plan again: the build will be part of it.',
    details: { effect: 'none' },
  });
}

/** Starts a revision beside the others, without traffic, and records it. Safe to repeat: platforms ensure, never double. */
export function stageHandler(
  registry: ProviderRegistry,
  artifacts: ArtifactStore,
  lookup: ArtifactLookup,
): StepHandlers['stage'] {
  return {
    async run(step, context) {
      const { revision, tags, dependsOn, protect } = step.input;
      const artifact = await artifactOf(revision, step.subject, lookup);
      const directory = await artifacts.require(artifact, step.subject);
      const platform = registry.requirePlatform(step.type, step.subject);
      const staged = await platform.stage(context.call, {
        service: nameOf(step.subject),
        revision: revision.id,
        spec: revision.spec,
        artifact: { digest: artifact, directory },
        env: context.resolve(revision.spec.env),
      });
      const before = context.record(step.subject);
      const known = before?.kind === 'service' ? before : undefined;
      const env = context.resolveForRecord(revision.spec.env);
      const parts = { ...revision.release.parts, config: configDigest(revision.spec, env, revision.secrets) };
      const record: RevisionRecord = {
        id: revision.id,
        release: { version: revision.release.version, fingerprint: releaseFingerprint(parts), artifact, parts },
        spec: { ...revision.spec, env },
        secrets: revision.secrets,
        role: known?.revisions[revision.id]?.role ?? 'staged',
      };
      const put: ServiceRecord = {
        kind: 'service',
        address: step.subject,
        platform: step.type,
        weights: known?.weights ?? {},
        outputs: known?.outputs ?? {},
        tags,
        dependsOn,
        protect,
        revisions: { ...known?.revisions, [record.id]: record },
      };
      return { changes: [{ put }], detail: { preview: staged.preview, artifact } };
    },
    settle: async () => ({ as: 'not-done', how: 'Staging again makes sure that it runs, once.' }),
  };
}
