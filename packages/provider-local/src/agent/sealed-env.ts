import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { SlipwayError } from '@slipway/core/provider';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a service's process is given, and which secrets are in it, to be kept out of its logs. */
export interface ProcessEnv {
  env: Record<string, string>;
  secrets: string[];
}

/** Keeps environments of services, which hold secrets in clear, unreadable at rest (AES-256-GCM). */
export class EnvSeal {
  readonly #key: Buffer;

  /** `secret`: the project's key; the one used here is derived from it (HKDF-SHA-256). */
  constructor(secret: Uint8Array) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'slipway agent process', 32));
  }

  /** `name` is bound to the result: it opens under no other. */
  seal(env: Readonly<ProcessEnv>, name: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(name));
    const text = Buffer.concat([cipher.update(JSON.stringify(env), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), text]);
  }

  /** Throws `key-mismatch` when it was sealed under another key or altered. */
  open(sealed: Uint8Array, name: string): ProcessEnv {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(name)).setAuthTag(tag);
      const text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
      return JSON.parse(text.toString('utf8')) as ProcessEnv;
    } catch (cause) {
      throw new SlipwayError('key-mismatch', `The stored environment of ${name} can't be opened.`, {
        subject: name,
        hint: 'The key file of the state directory was replaced. Put it back, or deploy again.',
        cause,
      });
    }
  }
}
