import { nameOf } from '../address.ts';
import { escapeReferences, findReferences } from '../config/references.ts';
import { describeError, SlipwayError } from '../errors.ts';
import type { Settlement, StepContext, StepHandlers, StepOutcome } from '../execute/handler.ts';
import type { LeftAsIs } from '../journal/left-as-is.ts';
import { equalJson, type JsonObject } from '../json.ts';
import { differencesFor } from '../plan/difference.ts';
import { declaredOf } from '../plan/known-outputs.ts';
import { changedSecrets } from '../plan/secret-names.ts';
import type { DesiredResource, Step } from '../plan/step.ts';
import type { Applied, Recorded, ResourceType } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { nodeName, predecessorAddress, type ResourceRecord, type StateChange } from '../state/record.ts';

type ResourceHandlers = Pick<StepHandlers, 'create' | 'update' | 'delete' | 'record'>;
type StepOf<A extends Step['action']> = Extract<Step, { action: A }>;

const NOTHING_OUTSIDE: Settlement = { as: 'not-done', how: 'It has no effect outside.' };

/** How resources are created, updated and deleted through their types, and how doubt about it is settled. */
export function resourceHandlers(registry: ProviderRegistry): ResourceHandlers {
  return {
    create: {
      async run(step, context) {
        const type = registry.requireResourceType(step.input.desired.type, step.subject);
        const properties = context.resolve(step.input.desired.properties);
        const applied = await type.create(context.call, {
          token: context.token,
          name: nameOf(step.subject),
          properties,
        });
        return created(step, context, applied);
      },
      async settle(step, context) {
        const type = registry.requireResourceType(step.input.desired.type, step.subject);
        if (type.pure) return NOTHING_OUTSIDE;
        const properties = context.resolve(step.input.desired.properties);
        const found = await type.find(context.call, {
          action: 'create',
          token: context.token,
          name: nameOf(step.subject),
          properties,
        });
        if (found.kind === 'absent') return { as: 'not-done', how: 'The provider finds nothing with its token.' };
        if (found.kind === 'cannot-tell') return cannotTell(step, context, found.look);
        const broken = brokenEarlier(step, context);
        if (broken) return { as: 'incomplete', outcome: { changes: [] }, how: `Its creation broke: ${broken}` };
        // A lost answer says nothing about the thing: `find` saw it. A refusal says that it isn't whole.
        const { failure } = context;
        if (failure === undefined || registry.classify(step.provider, failure) === 'transient') {
          return { as: 'done', outcome: created(step, context, found), how: `Found it as ${found.id}.` };
        }
        const outcome = created(step, context, found, brokenBy(context, 'create'));
        return { as: 'incomplete', outcome, how: `It exists as ${found.id}, although its creation failed.` };
      },
    },
    update: {
      run: (step, context) => update(registry, step, context),
      async settle(step, context) {
        const type = registry.requireResourceType(step.input.desired.type, step.subject);
        const record = resourceRecord(context, step.subject);
        if (type.pure || !record) return NOTHING_OUTSIDE;
        const changed = changedNow(type, step.input.desired, record, context);
        if (changed.length === 0) return NOTHING_OUTSIDE;
        const properties = context.resolve(step.input.desired.properties);
        const found = await type.find(context.call, {
          action: 'update',
          token: context.token,
          name: nameOf(step.subject),
          properties,
          recorded: recordedOf(record, context),
          changed,
        });
        if (found.kind === 'absent') return { as: 'not-done', how: 'The provider says that it did not happen.' };
        if (found.kind === 'cannot-tell') {
          if (record.incomplete?.action === 'update' && context.failure === undefined) {
            return { as: 'not-done', how: 'It broke before, and is made whole by applying all of it again.' };
          }
          const told = cannotTell(step, context, found.look);
          if (told.as !== 'not-done' || isRetryable(context.failure)) return told;
          const put = { ...record, ...brokenBy(context, 'update') };
          return {
            as: 'incomplete',
            outcome: { changes: [{ put }] },
            how: 'Its update failed and may have had a part of its effect.',
          };
        }
        return {
          as: 'done',
          outcome: updated(step.input.desired, record, context, found),
          how: 'The provider says that it happened.',
        };
      },
    },
    delete: {
      async run(step, context) {
        const record = resourceRecord(context, step.input.at);
        if (!record) return { changes: [], detail: 'It was gone already.' };
        const type = registry.requireResourceType(record.type, step.subject);
        await type.delete(context.call, recordedOf(record, context));
        return { changes: [{ remove: step.input.at }] };
      },
      async settle(step, context) {
        const record = resourceRecord(context, step.input.at);
        if (!record) return { as: 'done', outcome: { changes: [] }, how: 'It is not recorded any more.' };
        const type = registry.requireResourceType(record.type, step.subject);
        if (type.pure) return NOTHING_OUTSIDE;
        const recorded = recordedOf(record, context);
        const query = {
          action: 'delete',
          token: context.token,
          name: nameOf(step.subject),
          properties: recorded.properties,
          recorded,
        } as const;
        const found = await type.find(context.call, query);
        if (found.kind === 'absent')
          return { as: 'done', outcome: { changes: [{ remove: step.input.at }] }, how: 'The provider finds it gone.' };
        if (found.kind === 'cannot-tell') return cannotTell(step, context, found.look);
        return { as: 'not-done', how: 'The provider still finds it.' };
      },
    },
    record: {
      async run(step) {
        const removes = step.input.removes.map((address): StateChange => ({ remove: address }));
        return { changes: [...removes, ...step.input.puts.map((record): StateChange => ({ put: record }))] };
      },
      settle: async () => NOTHING_OUTSIDE,
    },
  };
}

/**
 * The provider has no way to look. When the call itself answered that it failed (`details.answered`), that
 * is an outcome; when nothing answered, a person must look.
 */
function cannotTell(step: Step, context: StepContext, look: string): Settlement {
  const { failure } = context;
  if (failure instanceof SlipwayError && failure.details.answered === true) {
    return { as: 'not-done', how: 'It reported its failure itself.' };
  }
  return { as: 'unknown', look: `${step.subject}: ${look}` };
}

function isRetryable(failure: unknown): boolean {
  return failure instanceof SlipwayError && failure.retryable;
}

/** The mark that a half-done creation or update leaves in the record. */
function brokenBy({ failure }: StepContext, action: 'create' | 'update'): Pick<ResourceRecord, 'incomplete'> {
  if (failure === undefined) return {};
  return { incomplete: { action, reason: describeError(failure).message } };
}

/** Why an earlier run found the thing not whole; being there doesn't make it so. */
function brokenEarlier(step: StepOf<'create'>, context: StepContext): string | undefined {
  const record = resourceRecord(context, step.subject);
  return record?.token === context.token ? record.incomplete?.reason : undefined;
}

function created(
  step: StepOf<'create'>,
  context: StepContext,
  applied: Applied,
  extra: Pick<ResourceRecord, 'incomplete'> = {},
): StepOutcome {
  const { desired } = step.input;
  const record: ResourceRecord = {
    kind: 'resource',
    address: step.subject,
    type: desired.type,
    id: applied.id,
    ...asDeclared(desired, context),
    outputs: escapeReferences(applied.outputs) as JsonObject,
    token: context.token,
    ...extra,
  };
  // What stands at the address is being replaced: it stays recorded beside its successor until it is deleted.
  const before = resourceRecord(context, step.subject);
  if (!before || before.token === record.token) return { changes: [{ put: record }] };
  const kept = { ...before, address: predecessorAddress(before) };
  return { changes: [{ put: kept }, { put: record }] };
}

async function update(registry: ProviderRegistry, step: StepOf<'update'>, context: StepContext): Promise<StepOutcome> {
  const { desired } = step.input;
  const record = resourceRecord(context, step.subject);
  if (!record) {
    throw new SlipwayError('record-missing', `${step.subject} was to be updated but isn't recorded any more.`, {
      subject: step.subject,
      hint: 'Plan again: it will be created.',
      details: { effect: 'none' },
    });
  }
  const type = registry.requireResourceType(desired.type, step.subject);
  const changed = changedNow(type, desired, record, context);
  if (changed.length === 0) {
    const put = nextRecord(desired, record, context, record);
    // What is only recorded anew, such as where a value comes from, is a change of its own.
    return equalJson(put, record)
      ? { changes: [], detail: { unchanged: record.id } satisfies LeftAsIs }
      : { changes: [{ put }], detail: 'Nothing had to change but the record.' };
  }
  const request = {
    token: context.token,
    name: nameOf(step.subject),
    recorded: recordedOf(record, context),
    properties: context.resolve(desired.properties),
    changed,
  };
  const applied = (await type.update?.(context.call, request)) ?? record;
  return updated(desired, record, context, applied);
}

/** Now that every reference is known: what really differs. */
function changedNow(
  type: ResourceType,
  desired: DesiredResource,
  record: ResourceRecord,
  context: StepContext,
): string[] {
  const wanted = context.resolveForRecord(desired.properties);
  const paths = new Set(differencesFor(type, record.properties, wanted).map((difference) => difference.path));
  const rotated = new Set(changedSecrets(record.secrets, desired.secrets));
  for (const [key, value] of rotated.size > 0 ? Object.entries(desired.properties) : []) {
    if (findReferences(value).some((reference) => reference.kind === 'secret' && rotated.has(reference.name)))
      paths.add(key);
  }
  // A half-done update is made whole: nobody knows which of them arrived.
  if (!record.incomplete) return [...paths];
  return [...new Set([...Object.keys(record.properties), ...Object.keys(wanted)])];
}

function updated(
  desired: DesiredResource,
  record: ResourceRecord,
  context: StepContext,
  applied: Applied,
): StepOutcome {
  const outputs = applied === record ? record.outputs : (escapeReferences(applied.outputs) as JsonObject);
  return { changes: [{ put: nextRecord(desired, record, context, { id: applied.id, outputs }) }] };
}

function nextRecord(
  desired: DesiredResource,
  record: ResourceRecord,
  context: StepContext,
  applied: Applied,
): ResourceRecord {
  const { incomplete: _, declared: __, ...whole } = record;
  return { ...whole, ...asDeclared(desired, context), id: applied.id, outputs: applied.outputs };
}

/** What a record keeps of a declaration. */
function asDeclared(desired: DesiredResource, context: StepContext) {
  const { properties, declared, secrets, dependsOn, tags, protect, replace } = desired;
  return {
    properties: context.resolveForRecord(properties),
    ...declaredOf(declared ?? properties),
    secrets,
    dependsOn,
    tags,
    protect,
    replace,
  };
}

/** A record as its provider made it: secrets in clear again, escapes off. */
export function recordedOf(record: ResourceRecord, context: Pick<StepContext, 'resolve'>): Recorded {
  return {
    name: nodeName(record),
    id: record.id,
    properties: context.resolve(record.properties),
    outputs: context.resolve(record.outputs),
    token: record.token,
  };
}

function resourceRecord(
  context: StepContext,
  address: Parameters<StepContext['record']>[0],
): ResourceRecord | undefined {
  const record = context.record(address);
  return record?.kind === 'resource' ? record : undefined;
}
