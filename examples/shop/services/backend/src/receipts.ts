import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Signs order ids, so that only who placed an order can cancel it. */
export class Receipts {
  readonly #key: string;

  constructor(key: string) {
    if (key.length < 32) throw new Error('The session key has less than 32 characters.');
    this.#key = key;
  }

  sign(id: string): string {
    return createHmac('sha256', this.#key).update(id).digest('hex');
  }

  accepts(id: string, receipt: string): boolean {
    const expected = Buffer.from(this.sign(id));
    const given = Buffer.from(receipt);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

/** The key itself in `SESSION_KEY`, or the file that `SESSION_KEY_FILE` names: the output of the resource `session-key`. */
export function readKey(): string {
  const { SESSION_KEY, SESSION_KEY_FILE } = process.env;
  return (SESSION_KEY ?? readFileSync(SESSION_KEY_FILE ?? '', 'utf8')).trim();
}
