import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Signs order ids, so that only who placed an order can cancel it. */
export class Receipts {
  readonly #key: string;

  /** `file` holds the key: the output of the resource `session-key`. */
  constructor(file: string) {
    this.#key = readFileSync(file, 'utf8').trim();
    if (this.#key.length < 32) throw new Error(`${file} holds no key of at least 32 characters.`);
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
