import { describe, test } from 'vitest';
import { requirePart } from '../require.ts';
import { type PhaseReport, soak } from './soak.ts';
import { STANDS, type Stand } from './stand.ts';

// The small version of `npm run soak`: every kind of change once, on each stand.

const SMALL = {
  requests: 1,
  // A weight is measured by runs of the load that lie within its hold: 2 s each, and longer on a busy machine.
  holdMs: 8_000,
  drainMs: 3_500,
  visitors: { roundSeconds: 1, longMs: 1_500, sockets: 2, socketMs: 2_000 },
  lasting: false,
  few: true,
};

// At once: each mostly waits.
describe.concurrent.each(Object.keys(STANDS) as Stand[])('every kind of change to a service on %s', (stand) => {
  const { needs, open } = STANDS[stand];
  const lacks = needs.filter((part) => !requirePart(part));

  test.skipIf(lacks.length > 0)(
    'fails no request, cuts no connection, and divides as declared',
    { timeout: 600_000 },
    async ({ expect }) => {
      const ground = await open();
      let reports: PhaseReport[];
      try {
        reports = await soak(ground, SMALL, () => {});
      } finally {
        await ground.close();
      }
      const phases = ['rolling', 'blue-green', 'canary', 'promotion', 'rollback', 'abort'];
      expect(reports.map(({ phase }) => phase)).toEqual(phases);
      for (const { phase, problems, failed, splits } of reports) {
        expect(problems, phase).toEqual([]);
        expect(failed, phase).toEqual({ volume: 0, checked: 0, long: 0, sockets: 0 });
        expect(splits.map(({ declared }) => declared)).toEqual(phase === 'canary' ? [10, 25, 50] : []);
      }
    },
  );
});
