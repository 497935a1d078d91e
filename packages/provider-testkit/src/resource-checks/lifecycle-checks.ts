import assert from 'node:assert/strict';
import type { Found } from '@slipway/core/provider';
import type { ConformanceCheck, ResourceSubject } from '../resource-checks.ts';
import { asJson, assertThere, inPlace, make, NAME, updateOf } from './in-place.ts';

/** A thing's life: made, looked at, changed, removed. */
export function lifecycleChecks(subject: ResourceSubject): ConformanceCheck[] {
  const { type, properties, changed } = subject;
  const checks = [
    inPlace(subject, 'what was created is there, and reads as it was returned', async (place) => {
      await assertThere(place, false, 'before its creation');
      const recorded = await make(subject, place);
      await assertThere(place, true, 'after its creation');
      assertReads(await type.read(place.context, recorded), recorded);
    }),
    inPlace(subject, 'what is predicted of the outputs comes true', async (place) => {
      const predicted = type.predict?.(properties) ?? {};
      const { outputs } = await make(subject, place);
      for (const [key, value] of Object.entries(predicted)) assert.deepEqual(outputs[key], value, `output ${key}`);
    }),
    inPlace(subject, 'a thing that is unchanged shows no drift', async (place) => {
      const recorded = await make(subject, place);
      const found = await type.read(place.context, recorded);
      if (found.kind === 'present' && found.properties) assert.deepEqual(found.properties, properties);
    }),
    inPlace(subject, 'deletion removes it, and can be repeated', async (place) => {
      const recorded = await make(subject, place);
      await type.delete(place.context, recorded);
      await assertThere(place, false, 'after its deletion');
      if (!type.pure) assert.equal((await type.read(place.context, recorded)).kind, 'absent');
      await type.delete(place.context, recorded);
      await assertThere(place, false, 'after a second deletion');
    }),
    inPlace(subject, 'after its deletion it can be created again', async (place) => {
      await type.delete(place.context, await make(subject, place));
      const again = await make(subject, place);
      await assertThere(place, true, 'after it was created again');
      assertReads(await type.read(place.context, again), again);
    }),
  ];
  if (type.import) {
    checks.push(
      inPlace(subject, 'what exists can be imported by its id, and nothing else', async (place) => {
        const recorded = await make(subject, place);
        const found = await type.import!(place.context, recorded.id, properties, NAME);
        assertReads(found, recorded);
        await type.delete(place.context, recorded);
        assert.deepEqual(await type.import!(place.context, recorded.id, properties, NAME), { kind: 'absent' });
      }),
    );
  }
  if (changed) {
    checks.push(
      inPlace(subject, 'an update in place keeps the thing, and reads as it was returned', async (place) => {
        const recorded = await make(subject, place);
        const applied = asJson(await type.update!(place.context, updateOf(subject, recorded, changed)));
        await assertThere(place, true, 'after its update');
        assert.equal(applied.id, recorded.id, 'the id stays');
        const updated = { ...recorded, ...applied, properties: changed };
        assertReads(await type.read(place.context, updated), updated);
      }),
    );
  }
  return checks;
}

function assertReads(found: Found, recorded: { id: string; outputs: object }): void {
  assert.equal(found.kind, 'present', 'it reads as present');
  if (found.kind !== 'present') return;
  assert.equal(found.id, recorded.id, 'it reads with the same id');
  assert.deepEqual(found.outputs, recorded.outputs, 'it reads with the same outputs');
}
