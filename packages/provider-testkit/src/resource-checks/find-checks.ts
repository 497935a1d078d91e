import assert from 'node:assert/strict';
import type { FindQuery, Found } from '@slipway/core/provider';
import type { ConformanceCheck, ResourcePlace, ResourceSubject } from '../resource-checks.ts';
import { asJson, CREATED, DELETED, inPlace, make, NAME, updateOf } from './in-place.ts';

/** How doubt is settled: what an interrupted call did, or that it did nothing. */
export function findChecks(subject: ResourceSubject): ConformanceCheck[] {
  const { type, properties, changed } = subject;
  const find = ({ context }: ResourcePlace, query: Omit<FindQuery, 'name'>) =>
    type.find(context, { name: NAME, ...query });
  if (subject.finds === 'never') {
    return [
      inPlace(subject, 'without a way to look, it says where a person must look', async (place) => {
        const query = { action: 'create', token: CREATED, properties } as const;
        await make(subject, place);
        const found = await find(place, query);
        assert.equal(found.kind, 'cannot-tell');
        if (found.kind === 'cannot-tell')
          assert.ok(found.look.includes(NAME) || found.look.includes(CREATED), found.look);
      }),
    ];
  }
  // A pure type is never in doubt: there is no outside to look at.
  if (type.pure) return [];
  const checks = [
    inPlace(
      subject,
      'a creation that had no effect is found absent, one that had is found as it was returned',
      async (place) => {
        const query = { action: 'create', token: CREATED, properties } as const;
        assert.deepEqual(await find(place, query), { kind: 'absent' });
        const recorded = await make(subject, place);
        assertFound(await find(place, query), recorded);
      },
    ),
    inPlace(subject, 'a deletion is found done when it is, and not done when it is not', async (place) => {
      const recorded = await make(subject, place);
      const query = { action: 'delete', token: DELETED, properties, recorded } as const;
      assert.equal((await find(place, query)).kind, 'present');
      await type.delete(place.context, recorded);
      assert.deepEqual(await find(place, query), { kind: 'absent' });
    }),
    inPlace(subject, 'looking changes nothing', async (place) => {
      const recorded = await make(subject, place);
      for (const action of ['create', 'update', 'delete'] as const) {
        await find(place, { action, token: `${CREATED}-of-another`, properties, recorded });
      }
      assert.equal((await type.read(place.context, recorded)).kind, 'present');
    }),
  ];
  if (changed) {
    checks.push(
      inPlace(subject, 'an update is found when it happened, and not when it did not', async (place) => {
        const recorded = await make(subject, place);
        const request = updateOf(subject, recorded, changed);
        const query = { action: 'update', ...request } as const;
        assert.equal((await find(place, query)).kind, 'absent');
        const applied = asJson(await type.update!(place.context, request));
        assertFound(await find(place, query), applied);
      }),
    );
  }
  return checks;
}

function assertFound(found: Found, applied: { id: string; outputs: object }): void {
  assert.equal(found.kind, 'present', 'it is found');
  if (found.kind !== 'present') return;
  assert.equal(found.id, applied.id, 'it is found with its id');
  assert.deepEqual(found.outputs, applied.outputs, 'it is found with its outputs');
}
