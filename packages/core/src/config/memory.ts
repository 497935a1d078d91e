const UNITS = { K: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const;

/** `256Mi`, `1.5Gi`, `512M` (a thousand thousands) or a number of bytes, in whole bytes; NaN for anything else. */
export function parseMemory(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]i?)?$/.exec(text);
  if (!match) return Number.NaN;
  return Math.round(Number(match[1]) * (match[2] ? UNITS[match[2] as keyof typeof UNITS] : 1));
}
