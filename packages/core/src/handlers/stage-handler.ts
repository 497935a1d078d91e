import { nameOf } from '../address.ts';
import { findReferences } from '../config/references.ts';
import { SlipwayError } from '../errors.ts';
import type { Settlement, StepContext, StepHandlers } from '../execute/handler.ts';
import { equalJson, type JsonObject } from '../json.ts';
import { declaredOf } from '../plan/known-outputs.ts';
import { servingRevisions } from '../plan/outage.ts';
import type { DesiredRevision, Step } from '../plan/step.ts';
import type { RevisionRequest } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ArtifactStore } from '../release/artifact-store.ts';
import { configDigest, releaseFingerprint } from '../release/release-parts.ts';
import { type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';
import { recordedService, requireRevision, requireService, withRevision, withSlots } from './service-record.ts';
import { slotsRunning, whatRuns } from './what-runs.ts';

/** Which artifact was built under a build fingerprint. */
export type ArtifactLookup = (fingerprint: string) => Promise<string | undefined>;

/** What staging needs besides the step. */
export interface StageParts {
  registry: ProviderRegistry;
  artifacts: ArtifactStore;
  lookup: ArtifactLookup;
}

const AGAIN: Settlement = { as: 'not-done', how: 'Staging again makes sure that it runs, once.' };

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

/** Makes a release available where its revisions will run. Safe to repeat: what is there is left. */
export function publishHandler({ registry, artifacts, lookup }: StageParts): StepHandlers['publish'] {
  return {
    async run(step, context) {
      const platform = registry.requirePlatform(step.type, step.subject);
      if (!platform.publish) return { changes: [] };
      const { revision } = step.input;
      const digest = await artifactOf(revision, step.subject, lookup);
      const directory = await artifacts.require(digest, step.subject);
      await platform.publish(context.call, {
        service: nameOf(step.subject),
        revision: revision.id,
        spec: revision.spec,
        artifact: { digest, directory },
      });
      return { changes: [], detail: { artifact: digest } };
    },
    settle: async () => ({ as: 'not-done', how: 'Publishing again leaves what is there.' }),
  };
}

/** Starts a revision beside the others, without traffic, and records it. Safe to repeat: platforms ensure, never double. */
export function stageHandler(parts: StageParts): StepHandlers['stage'] {
  const { registry, lookup } = parts;
  return {
    async run(step, context) {
      const artifact = await artifactOf(step.input.revision, step.subject, lookup);
      const put = recordOf(step, context, artifact);
      const revision = put.revisions[step.input.revision.id]!;
      const request = await requestFor(parts, step, context, revision);
      // A secret may have changed since it was started: a value that it never ran with is not tried on its users.
      const leaveRunning = hasServed(put, revision);
      const platform = registry.requirePlatform(step.type, step.subject);
      const staged = await platform.stage(context.call, { ...request, leaveRunning });
      return { changes: [{ put }], detail: { preview: staged.preview, artifact } };
    },
    /** What runs must be recorded, whatever comes next: a way back that doesn't know of it would leave it running. */
    async settle(step, context) {
      const { revision } = step.input;
      const known = recordedService(step, context)?.revisions[revision.id];
      if (known && equalJson(slotsOf(known), step.input.slots ?? [0])) return AGAIN;
      const found = await whatRuns(registry, step, context, revision.id);
      if (!found) return AGAIN;
      // It may have any of those that were there, and of those that were asked for.
      const slots = known ? union(slotsOf(known), step.input.slots ?? [0]) : undefined;
      const put = recordOf(step, context, await artifactOf(revision, step.subject, lookup), slots);
      const how = 'The platform has it.';
      const isWhole = equalJson(slotsRunning(found), step.input.slots ?? [0]);
      if (context.failure === undefined || registry.classify(step.provider, context.failure) === 'transient') {
        return isWhole || !known ? { as: 'done', outcome: { changes: [{ put }] }, how } : AGAIN;
      }
      return { as: 'incomplete', outcome: { changes: [{ put }] }, how: `${how} Starting it failed nevertheless.` };
    },
  };
}

/** Gives a recorded revision other instances; those that stay run on, with the values that they have. Safe to repeat. */
export function scaleHandler(parts: StageParts): StepHandlers['scale'] {
  const { registry } = parts;
  return {
    async run(step, context) {
      const record = requireService(step, context);
      const before = requireRevision(record, step.input.revision);
      const after = withSlots(before, step.input.slots);
      const request = await requestFor(parts, step, context, after);
      const platform = registry.requirePlatform(step.type, step.subject);
      await platform.stage(context.call, { ...request, leaveRunning: true });
      const detail = { from: slotsOf(before), to: [...step.input.slots] };
      return { changes: [{ put: withRevision(record, after) }], detail };
    },
    /**
     * Half-way, what runs is recorded: a way back must know what to start again, also of what is only being ended. Where
     * nothing is missing, what is left of the others is taken away by doing it again.
     */
    async settle(step, context) {
      const record = recordedService(step, context);
      const revision = record?.revisions[step.input.revision];
      if (!record || !revision) return AGAIN;
      const found = await whatRuns(registry, step, context, revision.id);
      const there = found ? slotsRunning(found) : [];
      if (equalJson(there, slotsOf(revision))) return AGAIN;
      const changes = [{ put: withRevision(record, withSlots(revision, there)) }];
      if (equalJson(there, step.input.slots) && found?.state !== 'stopped') {
        return { as: 'done', outcome: { changes }, how: 'The platform has exactly these instances.' };
      }
      if (step.input.slots.every((slot) => there.includes(slot))) return { ...AGAIN, changes };
      // One that has no users yet goes as a whole: it may as well be tried again.
      if (revision.role === 'staged' || revision.role === 'baseline') return AGAIN;
      return { as: 'incomplete', outcome: { changes }, how: `Instances ${there.join(', ')} run.` };
    },
  };
}

/** Whether it has users, or had them and is kept for the way back. */
function hasServed(record: ServiceRecord, { id, role }: RevisionRecord): boolean {
  return role === 'standby' || servingRevisions(record).some((serving) => serving.id === id);
}

/** What the platform is asked for, as the record will have it, with secrets in clear for the process alone. */
async function requestFor(
  { artifacts }: StageParts,
  step: Step,
  context: StepContext,
  revision: RevisionRecord,
): Promise<RevisionRequest> {
  const digest = revision.release.artifact;
  return {
    service: nameOf(step.subject),
    revision: revision.id,
    spec: revision.spec,
    slots: slotsOf(revision),
    artifact: { digest, directory: await artifacts.require(digest, step.subject) },
    env: context.resolve(revision.spec.env),
    secrets: secretsIn(revision.spec.env, context),
    record: revision as unknown as JsonObject,
  };
}

function union(some: readonly number[], others: readonly number[]): number[] {
  return [...new Set([...some, ...others])].sort((a, b) => a - b);
}

/** The secrets, in clear, that these values name, themselves or through what they refer to. */
function secretsIn(env: Record<string, string>, context: StepContext): string[] {
  const named = findReferences(context.resolveForRecord(env)).filter((reference) => reference.kind === 'secret');
  const names = new Set(named.map((reference) => reference.name));
  return [...names].map((name) => context.resolve(`\${secret:${name}}`));
}

type StageStep = Extract<Step, { action: 'stage' }>;

/** The service with this revision beside the ones that it has. */
function recordOf(
  step: StageStep,
  context: StepContext,
  artifact: string,
  slots: readonly number[] = step.input.slots ?? [0],
): ServiceRecord {
  const { revision, tags, dependsOn, protect, role = 'staged' } = step.input;
  const known = recordedService(step, context);
  const before = known?.revisions[revision.id];
  const env = context.resolveForRecord(revision.spec.env);
  const parts = { ...revision.release.parts, config: configDigest(revision.spec, env, revision.secrets) };
  const record: RevisionRecord = withSlots(
    {
      id: revision.id,
      release: { version: revision.release.version, fingerprint: releaseFingerprint(parts), artifact, parts },
      spec: { ...revision.spec, env },
      ...declaredOf(revision.declared ?? revision.spec.env),
      secrets: revision.secrets,
      role: before?.role ?? role,
      ...(before?.unproven ? { unproven: true } : {}),
    },
    slots,
  );
  return withRevision(
    {
      weights: {},
      outputs: {},
      revisions: {},
      ...known,
      kind: 'service',
      address: step.subject,
      platform: step.type,
      tags,
      dependsOn,
      protect,
    },
    record,
  );
}
