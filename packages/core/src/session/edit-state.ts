import { type Address, isAddress, nameOf } from '../address.ts';
import { escapeReferences } from '../config/references.ts';
import { SlipwayError } from '../errors.ts';
import { resolveReferences } from '../execute/resolve.ts';
import type { NewEvent } from '../journal/event.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { HeldLock } from '../journal/lock-keeper.ts';
import { redactEntry } from '../journal/redact-entry.ts';
import type { JsonObject } from '../json.ts';
import { declaredOf } from '../plan/known-outputs.ts';
import { runtimeOf } from '../plan/plan-deployment.ts';
import { hashSecrets } from '../plan/secret-names.ts';
import { predecessorAddress, type ResourceRecord, type StateChange, type StateRecord } from '../state/record.ts';
import { lookingContext } from './call-context.ts';
import { currentUser } from './current-user.ts';
import { readAllEvents } from './read-events.ts';
import { recoverService } from './recover-service.ts';
import { underLock } from './under-lock.ts';
import type { Workspace } from './workspace.ts';

/**
 * Takes an existing thing under management: it is read by the id that a person gave and recorded as the
 * declared resource. Where its creation is in doubt, that doubt is settled by it. Throws `address-unknown`,
 * `import-unsupported`, `not-found`, `already-recorded`.
 */
export async function importResource(workspace: Workspace, address: Address, id: string): Promise<StateRecord> {
  const project = await workspace.project();
  const environment = project.environment.name;
  const declaration = project.resources.find((resource) => resource.address === address);
  if (!declaration) {
    throw new SlipwayError('address-unknown', `${address} is not declared as a resource in the config.`, {
      subject: address,
      hint: 'Declare it first: its type and properties say how it is read.',
    });
  }
  await workspace.registry.load([declaration.type]);
  const type = workspace.registry.requireResourceType(declaration.type, address);
  if (!type.import) {
    throw new SlipwayError('import-unsupported', `${declaration.type} can't be imported.`, { subject: address });
  }
  const secrets = await workspace.secrets(runtimeOf(project));
  return await edit(workspace, environment, `import ${address} ${id}`, async (lock) => {
    const state = await workspace.store.state(environment);
    const doubt = await doubtAbout(workspace, environment, address);
    const before = state.get(address);
    // Where a replacement is in doubt, what it replaces stands there still: it is kept beside, as ever.
    if (before && (doubt.length === 0 || before.kind !== 'resource')) {
      throw new SlipwayError('already-recorded', `${address} is recorded already.`, {
        subject: address,
        hint: 'See slipway state show.',
      });
    }
    const sources = {
      record: (one: Address) => state.get(one),
      secret: (name: string) => workspace.clearSecret(secrets, name),
    };
    const context = await lookingContext(workspace, environment, runtimeOf(project));
    const wanted = resolveReferences(declaration.properties, false, sources);
    const found = await type.import!(context, id, wanted, nameOf(address));
    if (found.kind === 'absent') {
      throw new SlipwayError('not-found', `${declaration.type} finds nothing with the id ${id}.`, {
        subject: address,
        hint: 'Check the id.',
      });
    }
    const properties = resolveReferences(declaration.properties, true, sources);
    const { tags, dependsOn, protect, replace } = declaration;
    const record: ResourceRecord = {
      kind: 'resource',
      address,
      type: declaration.type,
      id: found.id,
      properties: found.properties
        ? { ...properties, ...(escapeReferences(found.properties) as JsonObject) }
        : properties,
      ...declaredOf(declaration.properties),
      outputs: escapeReferences(found.outputs) as JsonObject,
      secrets: hashSecrets(declaration.properties, (name) => workspace.hashSecret(secrets, name), address),
      dependsOn,
      tags,
      protect,
      replace,
      token: `imported-${found.id}`,
    };
    const kept: StateChange[] = before ? [{ put: { ...before, address: predecessorAddress(before) } }] : [];
    await write(workspace, lock, environment, [...kept, { put: record }], `import ${address}`, doubt);
    return record;
  });
}

/** Records again a service that runs, and whose record was lost. Throws `already-recorded`, and what looking throws. */
export async function importService(workspace: Workspace, address: Address, id: string): Promise<StateRecord> {
  const environment = (await workspace.project()).environment.name;
  return await edit(workspace, environment, `import ${address} ${id}`, async (lock) => {
    if (await workspace.store.record(environment, address)) {
      throw new SlipwayError('already-recorded', `${address} is recorded already.`, {
        subject: address,
        hint: 'See slipway state show.',
      });
    }
    const put = await recoverService(workspace, address, id);
    await write(workspace, lock, environment, [{ put }], `import ${address}`);
    return put;
  });
}

/** Records a resource under another name; nothing outside changes. Throws `address-unknown`, `already-recorded`. */
export async function moveState(workspace: Workspace, from: Address, to: Address): Promise<void> {
  const environment = await workspace.environment();
  await edit(workspace, environment, `state mv ${from} ${to}`, async (lock) => {
    const state = await workspace.store.state(environment);
    const record = requireRecord(state.get(from), from);
    if (!isAddress(to) || record.kind !== 'resource' || !to.startsWith('resource:')) {
      throw new SlipwayError(
        'address-invalid',
        `${from} can't be recorded as ${to}: only resources move, to resource:NAME.`,
        { subject: to },
      );
    }
    if (state.has(to))
      throw new SlipwayError('already-recorded', `${to} is recorded already.`, {
        subject: to,
        hint: 'See slipway state list.',
      });
    const dependents = [...state.values()].filter((one) => one.dependsOn.includes(from));
    const changes: StateChange[] = [{ remove: from }, { put: { ...record, address: to } }];
    for (const one of dependents) {
      changes.push({ put: { ...one, dependsOn: one.dependsOn.map((need) => (need === from ? to : need)).sort() } });
    }
    await write(workspace, lock, environment, changes, `state mv ${from} ${to}`);
  });
}

/** Forgets something; what it is outside stays as it is. Throws `address-unknown`. */
export async function removeState(workspace: Workspace, address: Address): Promise<void> {
  const environment = await workspace.environment();
  await edit(workspace, environment, `state rm ${address}`, async (lock) => {
    requireRecord((await workspace.store.state(environment)).get(address), address);
    await write(workspace, lock, environment, [{ remove: address }], `state rm ${address}`);
  });
}

async function edit<T>(
  workspace: Workspace,
  environment: string,
  command: string,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  return await underLock(workspace, environment, { command }, () => {}, work);
}

async function write(
  workspace: Workspace,
  lock: HeldLock,
  environment: string,
  changes: StateChange[],
  command: string,
  settled: (JournalEntry & { deployment: string })[] = [],
): Promise<void> {
  const at = new Date().toISOString();
  const edited: JournalEntry = { type: 'state.changed', step: null, data: { command, by: currentUser() }, changes };
  const events = [
    { ...redactEntry(edited, workspace.redactor), deployment: null, at },
    ...settled.map(({ deployment, ...entry }) => ({
      ...redactEntry(entry as JournalEntry, workspace.redactor),
      deployment,
      at,
    })),
  ] as NewEvent[];
  await workspace.store.append(environment, lock.epoch, events);
}

/** The creation of this resource that the newest deployment could not settle, told as done. */
async function doubtAbout(
  workspace: Workspace,
  environment: string,
  address: Address,
): Promise<(JournalEntry & { deployment: string })[]> {
  const { store } = workspace;
  const [newest] = await store.deployments({ environment, limit: 1 });
  if (!newest) return [];
  const step = `${address}/create`;
  const events = await readAllEvents(store, { environment, deployment: newest.id });
  const last = events.findLast((event) => event.step === step);
  if (!last || (last.type !== 'step.unknown' && last.type !== 'step.started')) return [];
  const deployment = newest.id;
  return [
    { type: 'step.settled', step, deployment, data: { as: 'done', how: 'A person found it and imported it.' } },
    { type: 'step.succeeded', step, deployment, data: { durationMs: 0 } },
  ];
}

function requireRecord(record: StateRecord | undefined, address: Address): StateRecord {
  if (record) return record;
  throw new SlipwayError('address-unknown', `${nameOf(address)} is not recorded.`, {
    subject: address,
    hint: 'See slipway state list.',
  });
}
