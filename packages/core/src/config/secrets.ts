import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { SlipwayError } from '../errors.ts';

/** Shorter values can't be told from ordinary text, so they could not be kept out of logs. */
const SHORTEST = 6;

/**
 * The values behind `${secret:NAME}`: from the process environment, else from dotenv files, the first
 * that has it. Read once, when opened.
 */
export class SecretSource {
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #files: readonly { file: string; values: ReadonlyMap<string, string> | undefined }[];
  readonly #used = new Map<string, string>();

  private constructor(
    variables: Readonly<Record<string, string | undefined>>,
    files: readonly { file: string; values: ReadonlyMap<string, string> | undefined }[],
  ) {
    this.#variables = variables;
    this.#files = files;
  }

  /**
   * `files`: a project's `secretFiles`; one that doesn't exist holds nothing. Throws
   * `secret-file-unreadable` for one that exists and can't be read.
   */
  static async open(options: {
    variables: Readonly<Record<string, string | undefined>>;
    files: readonly string[];
  }): Promise<SecretSource> {
    const files = options.files.map(async (file) => ({ file, values: await readSecrets(file) }));
    return new SecretSource(options.variables, await Promise.all(files));
  }

  /** Whether {@link resolve} would find it. An empty value counts as missing. */
  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /**
   * The secret in clear. Throws `secret-missing`, and `secret-too-short` for a value of fewer than six
   * characters.
   */
  resolve(name: string): string {
    const value = this.#find(name);
    if (value === undefined) {
      const places = [
        'the environment',
        ...this.#files.map(({ file, values }) => (values ? file : `${file} (absent)`)),
      ];
      throw new SlipwayError('secret-missing', `The secret ${name} has no value; looked in ${places.join(', ')}.`, {
        subject: name,
        hint: `Set ${name} in the environment, or write ${name}=… into a .env file that is not under version control.`,
        details: { effect: 'none' },
      });
    }
    if (value.length < SHORTEST) {
      throw new SlipwayError(
        'secret-too-short',
        `The secret ${name} has fewer than ${SHORTEST} characters and could not be kept out of logs.`,
        {
          subject: name,
          hint: 'Use a longer secret, or a variable if the value is no secret.',
          details: { effect: 'none' },
        },
      );
    }
    this.#used.set(name, value);
    return value;
  }

  /** Every secret that was resolved so far, by name: what has to be redacted. */
  get used(): ReadonlyMap<string, string> {
    return this.#used;
  }

  #find(name: string): string | undefined {
    if (Object.hasOwn(this.#variables, name) && this.#variables[name]) return this.#variables[name];
    for (const { values } of this.#files) {
      const value = values?.get(name);
      if (value) return value;
    }
    return undefined;
  }
}

/** HMAC-SHA-256 in hex: tells that a secret changed without telling what it is. */
export function keyedHash(key: Uint8Array, value: string): string {
  return createHmac('sha256', key).update(value, 'utf8').digest('hex');
}

async function readSecrets(file: string): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const values = parseEnv(await readFile(file, 'utf8'));
    return new Map(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    throw new SlipwayError('secret-file-unreadable', `The secrets in ${file} can not be read (${code}).`, {
      subject: file,
      hint: 'Check that it is a file and that you may read it.',
    });
  }
}
