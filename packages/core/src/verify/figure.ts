/** A number for people: at most four significant digits. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}
