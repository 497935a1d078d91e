import type { AuditFinding } from '../store.ts';

/** One cause can show in many places; more than this tells a person nothing new. */
const MOST = 1_000;

/** Gathers what an audit finds, bounded. */
export class Findings {
  readonly list: AuditFinding[] = [];
  #more = 0;

  add(environment: string, seq: number, what: string): void {
    if (this.list.length < MOST) this.list.push({ environment, seq, what });
    else this.#more += 1;
  }

  finish(): AuditFinding[] {
    if (this.#more > 0) this.list.push({ environment: '', seq: 0, what: `${this.#more} more findings` });
    return this.list;
  }
}
