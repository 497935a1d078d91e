import type { NewEvent } from '../event.ts';
import { builtBy } from './artifact-table.ts';
import type { Connection } from './connection.ts';
import type { Findings } from './findings.ts';
import { ID_SPAN } from './schema.ts';

/** Holds where artifacts are said to have been built against the builds that the chains have. */
export class BuildAudit {
  /** The newest build by environment, by fingerprint. Chains aren't ordered among each other: either may count. */
  readonly #newest = new Map<string, Map<number, number>>();

  note(environment: number, seq: number, event: NewEvent): void {
    const built = builtBy(event);
    if (built === undefined) return;
    const places = this.#newest.get(built.fingerprint) ?? new Map<number, number>();
    places.set(environment, environment * ID_SPAN + seq);
    this.#newest.set(built.fingerprint, places);
  }

  /** After every chain was walked. */
  compare(connection: Connection, findings: Findings): void {
    const rows = connection.all<{ fingerprint: string; event: number }>('SELECT fingerprint, event FROM artifacts');
    for (const { fingerprint, event } of rows) {
      const places = [...(this.#newest.get(fingerprint)?.values() ?? [])];
      if (!places.includes(event)) findings.add('', 0, `the artifact of ${fingerprint} is not what the journal gives`);
      this.#newest.delete(fingerprint);
    }
    for (const fingerprint of this.#newest.keys())
      findings.add('', 0, `the artifact of ${fingerprint} is not recorded`);
  }
}
