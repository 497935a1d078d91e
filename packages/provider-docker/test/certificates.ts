import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** An authority, and what it signs, in a folder. */
export class Authority {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static make(folder: string): Authority {
    mkdirSync(folder, { recursive: true });
    const authority = new Authority(folder);
    const subject = ['-subj', '/CN=authority', '-days', '1'];
    authority.#openssl('req', '-x509', ...NEW_KEY, ...subject, '-keyout', 'ca.key', '-out', 'ca.pem');
    return authority;
  }

  get ca(): string {
    return join(this.#folder, 'ca.pem');
  }

  /** A certificate for an address, valid for so many days from now on; 0: it has expired already. */
  issue(name: string, address: string, days = 1): { ca: string; cert: string; key: string } {
    const alternative = ['-addext', `subjectAltName=IP:${address}`];
    const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`];
    this.#openssl('req', '-new', ...NEW_KEY, '-subj', `/CN=${name}`, ...files, ...alternative);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
    const until = ['-days', String(days)];
    this.#openssl('x509', '-req', '-in', `${name}.csr`, ...signed, ...until, '-out', `${name}.pem`);
    return { ca: this.ca, cert: join(this.#folder, `${name}.pem`), key: join(this.#folder, `${name}.key`) };
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
