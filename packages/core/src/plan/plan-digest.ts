import { createHash } from 'node:crypto';
import type { Plan } from './plan.ts';

/** So many changes or steps are made into text at once: one by one takes twice as long, all of them much memory. */
const BATCH = 100;

/**
 * The digest that names a plan: SHA-256 of its JSON without the digest, the changes and steps in batches after
 * the rest, so that the whole text never exists. Members keep their order through saving and reading, so nothing
 * has to be sorted, which would take six times as long.
 */
export function digestOfPlan(content: Omit<Plan, 'digest'>): string {
  const { changes, steps, ...rest } = content;
  const digest = createHash('sha256').update(JSON.stringify(rest));
  for (const part of [changes, steps]) {
    for (let at = 0; at < part.length; at += BATCH) digest.update(JSON.stringify(part.slice(at, at + BATCH)));
    digest.update('\n');
  }
  return digest.digest('hex');
}

/** True when the plan's content is what its digest says. */
export function hasSoundDigest(plan: Plan): boolean {
  const { digest, ...content } = plan;
  return digestOfPlan(content) === digest;
}
