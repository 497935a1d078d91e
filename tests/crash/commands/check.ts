import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ResourceRecord, State } from '@slipway/core';
import { straysOf } from '../processes.ts';
import type { Recorded } from '../recorded.ts';
import { violate } from '../violation.ts';
import type { Thing } from './things.ts';
import { type Effect, livingThings, readEffects, readRepetitions } from './world.ts';

/** What a killed command started has to be gone that soon after it. */
const STRAYS_GONE_WITHIN_MS = 5_000;

/** Throws a `Violation` unless the world is exactly `things`, each done once, and the record says the same. */
export async function checkWorld(directory: string, things: readonly Thing[], recorded: Recorded): Promise<void> {
  violate(!existsSync(join(directory, '.slipway/.gitignore')), 'The state directory has no .gitignore.');
  const { findings } = recorded.audit;
  violate(findings.length > 0, `The journal is not sound: ${JSON.stringify(findings.slice(0, 3))}`);
  const twice = readRepetitions(directory);
  violate(twice.length > 0, `Done twice: ${twice.join(' ')}`);
  const effects = readEffects(directory);
  checkExistence(things, livingThings(effects), recorded.state);
  for (const thing of things) checkValue(thing, effects, recorded.state);
  const strays = await straysOf(directory, STRAYS_GONE_WITHIN_MS);
  violate(
    strays.length > 0,
    `Processes were left: ${strays.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`,
  );
}

/** Everything that exists is recorded under its token, and the other way round, and all of it is wanted. */
function checkExistence(things: readonly Thing[], living: readonly Effect[], state: State): void {
  const records = [...state.values()].filter((record) => record.kind === 'resource');
  const isOf = (record: ResourceRecord, { name, token }: Effect) =>
    record.id === name && (record.token === token || record.token.startsWith('imported-'));
  const orphans = living.filter((thing) => !records.some((record) => isOf(record, thing)));
  violate(orphans.length > 0, `Orphaned, they exist and are not recorded: ${namesOf(orphans)}`);
  const ghosts = records.filter((record) => !living.some((thing) => isOf(record, thing)));
  violate(ghosts.length > 0, `Recorded, and not there: ${ghosts.map(({ address }) => address).join(', ')}`);
  violate(living.length > records.length, `More exist than are recorded: ${namesOf(living)}`);
  const addresses = [...state.keys()].sort();
  const wanted = things.map(({ name }) => `resource:${name}`).sort();
  const odd = [
    ...addresses.filter((a) => !wanted.includes(a)),
    ...wanted.filter((a) => !addresses.includes(a as never)),
  ];
  violate(odd.length > 0, `Recorded or wanted, not both: ${odd.join(', ')}`);
}

const namesOf = (effects: readonly Effect[]) => effects.map(({ name, token }) => `${name} (${token})`).join(', ');

function checkValue(thing: Thing, effects: readonly Effect[], state: State): void {
  const record = state.get(`resource:${thing.name}`) as ResourceRecord;
  const env = record.properties.env as Record<string, string>;
  violate(Number(env.VALUE) !== thing.value, `${thing.name} is recorded with ${env.VALUE}, not ${thing.value}.`);
  violate(record.incomplete !== undefined, `${thing.name} is recorded as incomplete.`);
  const [since] = effects.filter(
    ({ action, name, token }) =>
      action === 'create' && name === thing.name && (token === record.token || record.token.startsWith('imported-')),
  );
  const values = effects.filter(
    ({ action, name, at }) => name === thing.name && action === 'update' && at >= since!.at,
  );
  const last = values.at(-1) ?? since!;
  violate(last.value !== thing.value, `${thing.name} holds ${last.value}, not ${thing.value}.`);
}

/** Nothing was made before what it needs was there, and nothing removed while something needed it. */
export function checkOrder(directory: string, things: readonly Thing[]): void {
  const effects = readEffects(directory);
  const firstOf = (action: Effect['action']) =>
    new Map(effects.filter((one) => one.action === action).map(({ name, at }) => [name, at]));
  const created = firstOf('create');
  const deleted = firstOf('delete');
  for (const { name, needs } of things) {
    const made = created.get(name);
    if (made === undefined) continue;
    for (const need of needs) {
      const madeBefore = created.get(need);
      violate(madeBefore === undefined || madeBefore > made, `${name} was made before ${need}.`);
      const [gone, goneBefore] = [deleted.get(need), deleted.get(name)];
      violate(gone !== undefined && (goneBefore === undefined || goneBefore > gone), `${need} went before ${name}.`);
    }
  }
}

/** What is recorded equals the snapshot; only the token of what had to be made anew may be another. */
export function checkRestored(state: State, snapshot: State): void {
  for (const [address, before] of snapshot) {
    const { token: _, ...then } = before as ResourceRecord;
    const { token: __, ...now } = (state.get(address) ?? {}) as ResourceRecord;
    violate(!isDeepStrictEqual(now, then), `${address} is not as in the snapshot:\n${JSON.stringify({ then, now })}`);
  }
  violate(state.size !== snapshot.size, `${state.size} are recorded, ${snapshot.size} in the snapshot.`);
}
