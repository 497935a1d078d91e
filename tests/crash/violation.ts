/** Something that must never be. The folder of the run is kept. */
export class Violation extends Error {}

export function violate(condition: boolean, what: string): void {
  if (condition) throw new Violation(what);
}
