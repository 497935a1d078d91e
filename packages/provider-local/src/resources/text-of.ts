import type { JsonValue } from '@slipway/core/provider';

/** A property's value as text: where a reference stood there may be a number or more, which becomes JSON. */
export function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
