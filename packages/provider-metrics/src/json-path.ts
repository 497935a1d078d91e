import { isObject } from '@slipway/core/provider';

/** What is at a dotted path (`data.rows.0.rate`), numbers naming items of lists; undefined where there is nothing. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.')) {
    if (Array.isArray(found)) found = /^\d+$/.test(key) ? (found[Number(key)] as unknown) : undefined;
    else found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}
