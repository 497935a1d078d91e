import type { ScheduleItem } from '../../packages/core/src/graph/schedule.ts';
import { between } from '../../tests/random.ts';

/** Work to schedule, and how many at once. */
export interface WorkSet {
  items: ScheduleItem[];
  slots: number;
}

/** 50 to 90 items of 40 to 400 ms, each needing up to three of a random window before it; 4, 8 or 16 slots. */
export function randomSet(random: () => number): WorkSet {
  const size = between(random, 50, 90);
  const window = between(random, 10, size);
  const items: ScheduleItem[] = [];
  for (let at = 0; at < size; at++) {
    const needs = new Set<string>();
    const many = at === 0 ? 0 : between(random, 0, 3);
    for (let need = 0; need < many; need++) needs.add(`s${between(random, Math.max(0, at - window), at - 1)}`);
    items.push({ id: `s${at}`, needs: [...needs], durationMs: between(random, 40, 400) });
  }
  return { items, slots: [4, 8, 16][between(random, 0, 2)]! };
}

/** What a service goes through, and how many seconds each takes. */
const CHAIN = [
  ['build', 8, 40],
  ['test', 5, 30],
  ['migrate', 1, 8],
  ['stage', 2, 8],
  ['probe', 1, 10],
  ['smoke', 2, 10],
  ['switch', 1, 2],
  ['verify', 1, 4],
  ['drain', 2, 10],
  ['retire', 1, 3],
] as const;

/**
 * A shop: three resources, then 8 to 10 services that each are built, tested, migrated, staged and switched.
 * Building needs nothing; staging needs a resource and, for most, another service that was verified before.
 * One second of the shop takes `scaleMs` ms.
 */
export function shopSet(random: () => number, scaleMs: number): WorkSet {
  const items: ScheduleItem[] = [];
  const add = (id: string, needs: string[], low: number, high: number) =>
    items.push({ id, needs, durationMs: between(random, low * scaleMs, high * scaleMs) });
  for (const resource of ['network', 'database', 'bucket']) {
    add(resource, resource === 'network' ? [] : ['network'], 3, 20);
  }
  const services = between(random, 8, 10);
  for (let service = 0; service < services; service++) {
    let before: string | undefined;
    for (const [action, low, high] of CHAIN) {
      const needs = before === undefined ? [] : [before];
      if (action === 'migrate') needs.push(service % 2 === 0 ? 'database' : 'bucket');
      if (action === 'stage' && service >= 3) needs.push(`${between(random, 0, 2)}/verify`);
      before = `${service}/${action}`;
      add(before, needs, low, high);
    }
  }
  return { items, slots: 8 };
}
