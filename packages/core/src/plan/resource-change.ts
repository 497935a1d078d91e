import type { Address } from '../address.ts';
import type { ResourceDeclaration } from '../config/project.ts';
import { replaceReferences } from '../config/references.ts';
import { equalJson, type JsonObject, type JsonValue } from '../json.ts';
import type { ResourceType } from '../provider/contract.ts';
import type { ResourceRecord } from '../state/record.ts';
import { type Change, KNOWN_AFTER_APPLY, type Reason } from './change.ts';
import { differencesFor } from './difference.ts';
import { isUnresolved, type KnownOutputs } from './known-outputs.ts';
import { changedSecrets, type HashSecret, hashSecrets } from './secret-names.ts';
import type { DesiredResource } from './step.ts';
import { tagReasons } from './tags.ts';

/** What a plan decided for one declared resource. */
export interface ResourceDecision {
  change: Change;
  desired: DesiredResource;
  /** The wanted properties, with every reference replaced that is known by now. */
  resolved: JsonObject;
  /** Dotted paths of properties that an update touches. Empty when only the record changes. */
  changed: string[];
}

export interface ResourceQuestion {
  declaration: ResourceDeclaration;
  record: ResourceRecord | undefined;
  movedFrom: Address | undefined;
  type: ResourceType;
  known: KnownOutputs;
  hashSecret: HashSecret;
  automaticTags: ReadonlySet<string>;
}

/** Compares what is wanted of one resource with what is recorded of it, property by property. Pure. */
export function decideResource(question: ResourceQuestion): ResourceDecision {
  const { declaration, record, movedFrom, type, known } = question;
  const desired: DesiredResource = {
    type: declaration.type,
    properties: declaration.properties,
    secrets: hashSecrets(declaration.properties, question.hashSecret, declaration.address),
    dependsOn: declaration.dependsOn,
    tags: declaration.tags,
    protect: declaration.protect,
    replace: declaration.replace,
  };
  const head = { address: declaration.address, type: declaration.type, ...(movedFrom ? { movedFrom } : {}) };
  const resolved = known.resolve(declaration.properties, declaration.address);
  if (!record) {
    const reasons = Object.entries(resolved).map(([key, value]) =>
      reason(`properties.${key}`, null, shown(value), false),
    );
    return { change: { ...head, action: 'create', reasons }, desired, resolved, changed: [] };
  }
  const properties = propertyReasons(record, resolved, desired, type);
  const replacing = replacementReasons(record, desired);
  const recorded = recordReasons(record, desired, question.automaticTags);
  const reasons = [...replacing, ...properties, ...recorded];
  const action = reasons.some((one) => one.replaces)
    ? 'replace'
    : reasons.length > 0
      ? 'update'
      : movedFrom
        ? 'update'
        : 'none';
  if (movedFrom) reasons.push(reason('address', movedFrom, declaration.address, false));
  const changed = record.incomplete
    ? [...new Set([...Object.keys(record.properties), ...Object.keys(desired.properties)])]
    : properties.map((one) => one.path.slice('properties.'.length));
  return { change: { ...head, action, reasons }, desired, resolved, changed };
}

/** What a resource's outputs will be, as far as its properties alone say. */
export function predictOutputs(type: ResourceType, properties: JsonObject): JsonObject {
  return isUnresolved(properties) ? predictPartly(type, properties) : (type.predict?.(properties) ?? {});
}

/** Keeps only predicted outputs that don't hang on something unresolved. */
function predictPartly(type: ResourceType, properties: JsonObject): JsonObject {
  const predicted = type.predict?.(properties) ?? {};
  return Object.fromEntries(Object.entries(predicted).filter(([, value]) => !isUnresolved(value)));
}

function propertyReasons(
  record: ResourceRecord,
  resolved: JsonObject,
  desired: DesiredResource,
  type: ResourceType,
): Reason[] {
  const found: Reason[] = [];
  if (record.type !== desired.type) return found;
  for (const difference of differencesFor(type, record.properties, resolved)) {
    found.push(
      reason(`properties.${difference.path}`, difference.before, shown(difference.after), difference.replaces),
    );
  }
  const rotated = new Set(changedSecrets(record.secrets, desired.secrets));
  if (rotated.size === 0) return found;
  const known = new Set(found.map((one) => one.path));
  for (const difference of differencesFor(
    type,
    withSecrets(resolved, rotated, 'old'),
    withSecrets(resolved, rotated, 'new'),
  )) {
    const path = `properties.${difference.path}`;
    if (!known.has(path)) found.push(reason(path, '(secret)', '(secret changed)', difference.replaces));
  }
  return found;
}

/** The properties with something in the place of each rotated secret, to see where that makes a difference. */
function withSecrets(properties: JsonObject, rotated: ReadonlySet<string>, value: string): JsonObject {
  return replaceReferences(properties, (reference) =>
    reference.kind === 'secret' && rotated.has(reference.name) ? value : undefined,
  ) as JsonObject;
}

function replacementReasons(record: ResourceRecord, desired: DesiredResource): Reason[] {
  const found: Reason[] = [];
  if (record.type !== desired.type) found.push(reason('type', record.type, desired.type, true));
  const { incomplete } = record;
  if (incomplete) found.push(reason('incomplete', incomplete.reason, null, incomplete.action === 'create'));
  return found;
}

function recordReasons(record: ResourceRecord, desired: DesiredResource, automatic: ReadonlySet<string>): Reason[] {
  const found: Reason[] = [];
  if (!equalJson(record.dependsOn, desired.dependsOn)) {
    found.push(reason('dependsOn', record.dependsOn, desired.dependsOn, false));
  }
  found.push(...tagReasons(record.tags, desired.tags, automatic));
  if (record.protect !== desired.protect) found.push(reason('protect', record.protect, desired.protect, false));
  if (record.replace !== desired.replace) found.push(reason('replace', record.replace, desired.replace, false));
  return found;
}

function shown(value: JsonValue): JsonValue {
  return isUnresolved(value) ? KNOWN_AFTER_APPLY : value;
}

function reason(path: string, before: JsonValue, after: JsonValue, replaces: boolean): Reason {
  return { path, before, after, replaces };
}
