import { isObject, type JsonObject } from '@slipway/core/provider';
import type { Place } from './place.ts';

/** What is written on everything that Slipway makes on an engine; by these alone it is found again. */
export const LABEL = {
  project: 'slipway.project',
  environment: 'slipway.environment',
  service: 'slipway.service',
  revision: 'slipway.revision',
  slot: 'slipway.slot',
  epoch: 'slipway.epoch',
  artifact: 'slipway.artifact',
  /** Where the process listens in the container. */
  port: 'slipway.port',
  /** The address and port of the engine's machine that lead there, with `reach: published`. */
  published: 'slipway.published',
  /** A digest of what the container was made to run with: another one means that it must be made anew. */
  values: 'slipway.values',
  /** What the engine keeps for the core, as JSON. */
  record: 'slipway.record',
  /** Where in the container's variables secrets stand: a JSON list of name, start and length. */
  secrets: 'slipway.secrets',
  /** Of an image: a digest of all that it was built of. */
  build: 'slipway.build',
  /** Of a network or volume: the token of its creation. */
  token: 'slipway.token',
} as const;

/** A filter of the engine's for what bears these labels. */
export function labelled(labels: Record<string, string>): { label: string[] } {
  return { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) };
}

/** The labels of everything in a place. */
export function placeLabels({ project, environment }: Place): Record<string, string> {
  return { [LABEL.project]: project, [LABEL.environment]: environment };
}

/** The core's record; undefined where somebody broke it. */
export function recordIn(labels: Record<string, string>): JsonObject | undefined {
  try {
    const record: unknown = JSON.parse(labels[LABEL.record] ?? '');
    return isObject(record) ? record : undefined;
  } catch {
    return undefined;
  }
}
