import type { CallContext, JsonObject, ResourceType } from '@slipway/core/provider';
import { abortChecks } from './resource-checks/abort-checks.ts';
import { declarationChecks } from './resource-checks/declaration-checks.ts';
import { findChecks } from './resource-checks/find-checks.ts';
import { lifecycleChecks } from './resource-checks/lifecycle-checks.ts';

/** A place to make things in, fresh for each check. */
export interface ResourcePlace {
  context: CallContext;
  /** Looks at the real thing, past the resource type. Not needed for a pure type. */
  isThere?(): Promise<boolean>;
  close(): Promise<void>;
}

/** A resource type and what it takes to put it to the test. */
export interface ResourceSubject {
  type: ResourceType;
  properties: JsonObject;
  /** The same with a change that is made in place; absent when every change replaces. */
  changed?: JsonObject;
  /** The same with a change that only a replacement can make; absent when there is none. */
  replaced?: JsonObject;
  /** What `find` can say. `never`: this declaration has no way to look. Default `always`. */
  finds?: 'always' | 'never';
  /** Properties whose creation takes five seconds, to be aborted; absent when it can't take long. */
  slow?: JsonObject;
  open(): Promise<ResourcePlace>;
}

/** One thing that every resource type must keep. Rejects with an AssertionError when it doesn't. */
export interface ConformanceCheck {
  name: string;
  run(): Promise<void>;
}

/**
 * What the engine relies on with every resource type, one check after another, for any test runner. Each acts on
 * real things in a place that the subject opens for it. As a vitest suite: `resource-conformance`.
 */
export function resourceChecks(subject: ResourceSubject): ConformanceCheck[] {
  return [...declarationChecks(subject), ...lifecycleChecks(subject), ...findChecks(subject), ...abortChecks(subject)];
}
