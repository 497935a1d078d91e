import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { variantsOf } from '@slipway/core/provider';

const STAR = 0x2a;

/**
 * Makes secrets in a log unreadable where they stand, byte for byte, so that the process that goes on appending
 * to the file is not disturbed and no offset changes.
 */
export class LogMask {
  readonly #forms: readonly Buffer[];
  readonly #longest: number;

  /** Also masks the forms in which programs usually print a secret: escaped, encoded for a URL, base64, hex. */
  constructor(secrets: readonly string[]) {
    const forms = new Set(secrets.flatMap((secret) => [...variantsOf(secret)]));
    // Longer first: what is masked can't be found any more as a part of something longer.
    this.#forms = [...forms].map((form) => Buffer.from(form)).sort((a, b) => b.length - a.length);
    this.#longest = this.#forms[0]?.length ?? 0;
  }

  /** Masks what was written since the file had `from` bytes, and what began before and ends there. Safe to repeat. */
  apply(file: string, from: number): void {
    const descriptor = openSync(file, 'r+');
    try {
      const start = Math.max(0, from - this.#longest + 1);
      const written = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - start));
      const text = written.subarray(0, readSync(descriptor, written, 0, written.length, start));
      for (const form of this.#forms) {
        for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length)) {
          text.fill(STAR, at, at + form.length);
          writeSync(descriptor, text, at, form.length, start + at);
        }
      }
    } finally {
      closeSync(descriptor);
    }
  }
}
