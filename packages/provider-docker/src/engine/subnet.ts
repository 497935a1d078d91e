/** A range of IPv4 addresses. */
export interface Range {
  /** Its first address, as a number. */
  first: number;
  /** How many leading bits all of its addresses share. */
  prefix: number;
}

/** Reads `10.208.3.0/24`; undefined for anything else, IPv6 included. */
export function cidrOf(text: string): Range | undefined {
  const [address = '', length] = text.split('/');
  const number = parseAddress(address);
  const prefix = Number(length);
  if (number === undefined || length === undefined || !Number.isInteger(prefix) || prefix < 0 || prefix > 32)
    return undefined;
  return { first: number - (number % sizeOf(prefix)), prefix };
}

export function overlaps(a: Range, b: Range): boolean {
  return a.first < b.first + sizeOf(b.prefix) && b.first < a.first + sizeOf(a.prefix);
}

export function formatAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/**
 * An address for a thing of this name that is not among the taken ones, beginning where the name falls; undefined when
 * none is left. The range's first two (itself and its gateway) and its last (broadcast) are never picked.
 */
export function pickAddress(range: Range, name: string, taken: ReadonlySet<string>): string | undefined {
  const usable = sizeOf(range.prefix) - 3;
  let at = 0;
  for (const char of name) at = (at * 31 + char.charCodeAt(0)) % usable;
  for (let step = 0; step < usable; step++) {
    const address = formatAddress(range.first + 2 + ((at + step) % usable));
    if (!taken.has(address)) return address;
  }
  return undefined;
}

const sizeOf = (prefix: number) => 2 ** (32 - prefix);

function parseAddress(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((number, part) => number * 256 + part, 0);
}
