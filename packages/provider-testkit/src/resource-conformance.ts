import { describe, test } from 'vitest';
import { type ResourceSubject, resourceChecks } from './resource-checks.ts';

/**
 * What the engine relies on with every resource type, as a vitest suite. Each test acts on real things in a
 * place that the subject opens for it.
 */
export function resourceConformance(name: string, subject: ResourceSubject): void {
  describe(`${name} is a resource type`, () => {
    test.for(resourceChecks(subject))('$name', (check) => check.run());
  });
}
