import type { Address } from '../address.ts';
import type { ServiceDeclaration } from '../config/project.ts';
import { equalJson, type JsonObject, type JsonValue } from '../json.ts';
import type { RunningRevision } from '../provider/contract.ts';
import {
  buildFingerprint,
  buildParts,
  configDigest,
  contractDigest,
  type ReleaseParts,
  releaseFingerprint,
} from '../release/release-parts.ts';
import type { SourceTree } from '../release/source-tree.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';
import { slotsUpTo } from '../strategies/instances.ts';
import { type Change, KNOWN_AFTER_APPLY, type Reason } from './change.ts';
import { differencesOf } from './difference.ts';
import { isUnresolved, type KnownOutputs } from './known-outputs.ts';
import { outageReasons } from './outage.ts';
import type { PromotedRelease } from './promotion.ts';
import { changedSecrets, type HashSecret, hashSecrets } from './secret-names.ts';
import type { DesiredRevision } from './step.ts';
import { tagReasons } from './tags.ts';
import { leftoversOf } from './tidy-service.ts';

/** What a plan decided for one declared service. */
export interface ServiceDecision {
  change: Change;
  desired: DesiredRevision;
  /** The release stays, and what serves it must be brought back. */
  restores: boolean;
  /** The release stays, and is to run with these instances from now on. */
  slots?: number[];
}

export interface ServiceQuestion {
  declaration: ServiceDeclaration;
  record: ServiceRecord | undefined;
  ship: string;
  /** The release of another environment that is to run; undefined when the source says what is. */
  promoted: PromotedRelease | undefined;
  /** What a service is built of; in a promotion only its contract, as it was released. */
  sourceOf: (service: Address) => SourceTree;
  /** The services it depends on, for their contracts. */
  dependencies: readonly ServiceDeclaration[];
  known: KnownOutputs;
  hashSecret: HashSecret;
  /** The catalogue: which artifact was built of this source with this command. */
  artifactOf: (fingerprint: string) => string | undefined;
  automaticTags: ReadonlySet<string>;
  /** How many instances there are to be. */
  instances: number;
  /** What runs of it; undefined when that could not be looked at: then it counts as running. */
  running: readonly RunningRevision[] | undefined;
}

/**
 * Compares the release that the sources (or a promotion) and the config ask for with the one that has the traffic, and
 * that one with what runs. Pure.
 */
export function decideService(question: ServiceQuestion): ServiceDecision {
  const { declaration, record } = question;
  const desired = desiredRevision(question);
  const head = { address: declaration.address, type: 'service' };
  const active = record && activeRevision(record);
  if (!active || !isRevision(active, desired)) {
    const revisions = record?.revisions ?? {};
    const kept = Object.values(revisions).find((one) => isRevision(one, desired));
    desired.id = kept?.id ?? freeId(desired.id, revisions);
  }
  if (!record || !active) {
    const reasons = [reason('version', null, desired.release.version)];
    return { change: { ...head, action: 'create', reasons }, desired, restores: false };
  }
  if (!isRevision(active, desired)) {
    const reasons = releaseReasons(question, active, desired);
    return { change: { ...head, action: 'update', reasons }, desired, restores: false };
  }
  desired.id = active.id;
  const outage = question.running ? outageReasons(record, question.running) : [];
  const slots = slotsUpTo(question.instances);
  const before = slotsOf(active);
  const scales = !equalJson(before, slots);
  const scaling = scales ? [reason('instances', before.length, slots.length)] : [];
  const reasons = [...outage, ...scaling, ...bookkeepingReasons(question, record)];
  const action = reasons.length > 0 ? 'update' : 'none';
  const restores = outage.length > 0;
  return { change: { ...head, action, reasons }, desired, restores, ...(scales ? { slots } : {}) };
}

/** Equal parts make an equal release, whichever build it came from; a promotion wants the very build that passed. */
function isRevision({ release }: RevisionRecord, desired: DesiredRevision): boolean {
  if (release.fingerprint !== desired.release.fingerprint) return false;
  return !desired.promoted || release.artifact === desired.artifact;
}

/**
 * An id says what was known when it was planned. Where an output of another node becomes known only in the run,
 * two revisions may be planned alike and turn out different: the later one gets a number.
 */
function freeId(id: string, taken: ServiceRecord['revisions']): string {
  let free = id;
  for (let number = 2; taken[free]; number++) free = `${id}-${number}`;
  return free;
}

/** What changes about the service while its release stays. */
function bookkeepingReasons({ declaration, automaticTags }: ServiceQuestion, record: ServiceRecord): Reason[] {
  const reasons = leftoversOf(record).map((one) => reason(`revisions.${one.id}`, one.role, null));
  if (!equalJson(record.dependsOn, declaration.dependsOn)) {
    reasons.push(reason('dependsOn', record.dependsOn, declaration.dependsOn));
  }
  reasons.push(...tagReasons(record.tags, declaration.tags, automaticTags));
  if (record.protect !== declaration.protect) reasons.push(reason('protect', record.protect, declaration.protect));
  return reasons;
}

function desiredRevision(question: ServiceQuestion): DesiredRevision {
  const { declaration, promoted, sourceOf, known } = question;
  const { spec } = declaration;
  const secrets = hashSecrets(spec.env, question.hashSecret, declaration.address);
  const parts: ReleaseParts = {
    ...(promoted ? releasedParts(promoted) : buildParts(sourceOf(declaration.address), declaration)),
    config: configDigest(spec, known.resolve(spec.env, declaration.address), secrets),
  };
  for (const dependency of question.dependencies)
    parts[`contract:${dependency.name}`] = contractDigest(sourceOf(dependency.address), dependency);
  const fingerprint = releaseFingerprint(parts);
  const build = buildFingerprint(parts);
  const artifact = promoted?.release.artifact ?? question.artifactOf(build);
  return {
    id: `${declaration.name}-${fingerprint.slice(0, 10)}`,
    release: { version: promoted?.release.version ?? question.ship, fingerprint, parts },
    ...(artifact === undefined ? {} : { artifact }),
    buildFingerprint: build,
    spec,
    secrets,
    ...(promoted ? { promoted: true } : {}),
  };
}

/** What the artifact was built of, where it was. */
function releasedParts({ release }: PromotedRelease): ReleaseParts {
  const { source, build } = release.parts;
  return { source: source!, build: build! };
}

function releaseReasons(
  question: ServiceQuestion,
  active: NonNullable<ReturnType<typeof activeRevision>>,
  desired: DesiredRevision,
): Reason[] {
  const [before, after] = [active.release.parts, desired.release.parts];
  const reasons: Reason[] = [];
  if (desired.promoted && active.release.version !== desired.release.version) {
    reasons.push(reason('version', active.release.version, desired.release.version));
  }
  if (desired.promoted && active.release.fingerprint === desired.release.fingerprint) {
    reasons.push(reason('artifact', short(active.release.artifact), short(desired.artifact)));
  }
  for (const part of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (before[part] === after[part]) continue;
    if (part === 'config') reasons.push(...configReasons(question, active, desired));
    else if (part === 'build') reasons.push(reason('build', active.spec.build ?? null, desired.spec.build ?? null));
    else reasons.push(reason(part, short(before[part]), short(after[part])));
  }
  return reasons;
}

/** Property by property; the environment is compared as it will be, with secrets by their keyed hash. */
function configReasons(
  question: ServiceQuestion,
  active: NonNullable<ReturnType<typeof activeRevision>>,
  desired: DesiredRevision,
): Reason[] {
  const relevant = ({ run, port, stopGraceMs, env, static: folder, ...spec }: typeof active.spec): JsonObject => ({
    run: run ?? null,
    static: folder ?? null,
    port,
    stopGraceMs,
    env,
    image: spec.image ?? null,
    dockerfile: spec.dockerfile ?? null,
    containerPort: spec.containerPort ?? null,
    limits: spec.limits ?? null,
    volumes: (spec.volumes ?? []) as unknown as JsonValue,
    affinity: spec.affinity?.cookie ?? null,
  });
  const wanted = question.known.resolve(relevant(desired.spec), question.declaration.address);
  const reasons = differencesOf(relevant(active.spec), wanted).map((one) =>
    reason(one.path, one.before, isUnresolved(one.after) ? KNOWN_AFTER_APPLY : one.after),
  );
  for (const name of changedSecrets(active.secrets, desired.secrets))
    reasons.push(reason(`secrets.${name}`, `\${secret:${name}}`, '(secret changed)'));
  return reasons.length > 0
    ? reasons
    : [reason('config', short(active.release.parts.config), short(desired.release.parts.config))];
}

function short(digest: string | undefined): JsonValue {
  return digest?.slice(0, 12) ?? null;
}

function reason(path: string, before: JsonValue, after: JsonValue): Reason {
  return { path, before, after, replaces: false };
}
