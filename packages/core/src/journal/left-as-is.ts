import { isObject, type JsonValue } from '../json.ts';

/** What a step tells of itself in `step.succeeded` when all was as it should be: the id of what it left as it was. */
export interface LeftAsIs {
  unchanged: string;
}

/** The id of what a step left as it was, from what its `step.succeeded` holds; undefined when it did something. */
export function leftAsIs({ detail }: { detail?: JsonValue }): string | undefined {
  return isObject(detail) && typeof detail.unchanged === 'string' ? detail.unchanged : undefined;
}
