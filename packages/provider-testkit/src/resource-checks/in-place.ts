import assert from 'node:assert/strict';
import type { Applied, JsonObject, Recorded, UpdateRequest } from '@slipway/core/provider';
import type { ConformanceCheck, ResourcePlace, ResourceSubject } from '../resource-checks.ts';
import { differences } from './differences.ts';

export const CREATED = 'token-of-the-creation';
export const UPDATED = 'token-of-the-update';
export const DELETED = 'token-of-the-deletion';
export const NAME = 'subject';

/** A check that gets a place of its own. */
export function inPlace(
  subject: ResourceSubject,
  name: string,
  run: (place: ResourcePlace) => Promise<void>,
): ConformanceCheck {
  return {
    name,
    async run() {
      const place = await subject.open();
      try {
        await run(place);
      } finally {
        await place.close();
      }
    },
  };
}

/** Makes the subject's thing and returns it as the engine would record it. */
export async function make({ type, properties }: ResourceSubject, { context }: ResourcePlace): Promise<Recorded> {
  const applied = await type.create(context, { token: CREATED, name: NAME, properties });
  return { ...asJson(applied), name: NAME, properties, token: CREATED };
}

/** What the engine asks for to bring what is recorded to the subject's `changed`. */
export function updateOf(subject: ResourceSubject, recorded: Recorded, properties: JsonObject): UpdateRequest {
  const changed = differences(subject, recorded.properties, properties).map(({ path }) => path);
  return { token: UPDATED, name: NAME, recorded, properties, changed };
}

/** As it comes back from the journal; fails for what JSON doesn't carry. */
export function asJson(applied: Applied): Applied {
  assert.equal(typeof applied.id, 'string', 'the id is a text');
  assert.notEqual(applied.id, '', 'the id is not empty');
  const back = JSON.parse(JSON.stringify(applied.outputs)) as JsonObject;
  assert.deepEqual(applied.outputs, back, 'outputs are plain JSON');
  return { id: applied.id, outputs: back };
}

export async function assertThere(place: ResourcePlace, there: boolean, when: string): Promise<void> {
  if (!place.isThere) return;
  assert.equal(await place.isThere(), there, `the real thing is ${there ? '' : 'not '}there ${when}`);
}
