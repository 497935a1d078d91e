import { nameOf } from '../address.ts';
import { findReferences } from '../config/references.ts';
import { SlipwayError } from '../errors.ts';
import type { Settlement, StepContext, StepHandlers } from '../execute/handler.ts';
import { declaredOf } from '../plan/known-outputs.ts';
import type { DesiredRevision, Step } from '../plan/step.ts';
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
      const { revision } = step.input;
      const artifact = await artifactOf(revision, step.subject, lookup);
      const directory = await artifacts.require(artifact, step.subject);
      const platform = registry.requirePlatform(step.type, step.subject);
      const staged = await platform.stage(context.call, {
        service: nameOf(step.subject),
        revision: revision.id,
        spec: revision.spec,
        artifact: { digest: artifact, directory },
        env: context.resolve(revision.spec.env),
        secrets: secretsIn(revision.spec.env, context),
      });
      return { changes: [{ put: recordOf(step, context, artifact) }], detail: { preview: staged.preview, artifact } };
    },
    /** What runs must be recorded, whatever comes next: a way back that doesn't know of it would leave it running. */
    async settle(step, context) {
      const { revision } = step.input;
      const again: Settlement = { as: 'not-done', how: 'Staging again makes sure that it runs, once.' };
      if (serviceRecord(step, context)?.revisions[revision.id]) return again;
      const platform = registry.requirePlatform(step.type, step.subject);
      const running = await platform.list(context.call);
      const service = nameOf(step.subject);
      if (!running.some((one) => one.service === service && one.revision === revision.id)) return again;
      const put = recordOf(step, context, await artifactOf(revision, step.subject, lookup));
      const how = 'The platform has it.';
      if (context.failure === undefined || registry.classify(step.provider, context.failure) === 'transient') {
        return { as: 'done', outcome: { changes: [{ put }] }, how };
      }
      return { as: 'incomplete', outcome: { changes: [{ put }] }, how: `${how} Starting it failed nevertheless.` };
    },
  };
}

/** The secrets, in clear, that these values name, themselves or through what they refer to. */
function secretsIn(env: Record<string, string>, context: StepContext): string[] {
  const named = findReferences(context.resolveForRecord(env)).filter((reference) => reference.kind === 'secret');
  const names = new Set(named.map((reference) => reference.name));
  return [...names].map((name) => context.resolve(`\${secret:${name}}`));
}

type StageStep = Extract<Step, { action: 'stage' }>;

function serviceRecord(step: Step, context: StepContext): ServiceRecord | undefined {
  const record = context.record(step.subject);
  return record?.kind === 'service' ? record : undefined;
}

/** The service with this revision beside the ones that it has. */
function recordOf(step: StageStep, context: StepContext, artifact: string): ServiceRecord {
  const { revision, tags, dependsOn, protect } = step.input;
  const known = serviceRecord(step, context);
  const env = context.resolveForRecord(revision.spec.env);
  const parts = { ...revision.release.parts, config: configDigest(revision.spec, env, revision.secrets) };
  const record: RevisionRecord = {
    id: revision.id,
    release: { version: revision.release.version, fingerprint: releaseFingerprint(parts), artifact, parts },
    spec: { ...revision.spec, env },
    ...declaredOf(revision.declared ?? revision.spec.env),
    secrets: revision.secrets,
    role: known?.revisions[revision.id]?.role ?? 'staged',
  };
  return {
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
}
