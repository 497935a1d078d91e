import type { HealthCheck } from '../config/project.ts';

/** How long a step may take that waits for a service to be healthy, in ms. */
export function deadlineOf(health: HealthCheck): number {
  return health.deadlineMs + 30_000;
}
