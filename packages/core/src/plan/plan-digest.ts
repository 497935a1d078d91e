import { sha256 } from '../json.ts';
import type { Plan } from './plan.ts';

/**
 * The digest that names a plan: SHA-256 of its JSON without the digest. Members keep their order through
 * saving and reading, so nothing has to be sorted, which would take six times as long.
 */
export function digestOfPlan(content: Omit<Plan, 'digest'>): string {
  return sha256(JSON.stringify(content));
}

/** True when the plan's content is what its digest says. */
export function hasSoundDigest(plan: Plan): boolean {
  const { digest, ...content } = plan;
  return digestOfPlan(content) === digest;
}
