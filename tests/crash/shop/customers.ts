import { violate } from '../violation.ts';
import type { Edition, Shop } from './shop.ts';

/** What is seen of the shop from outside: orders are placed and must never be lost. */
export class Customers {
  readonly #shop: Shop;
  readonly #orders: string[] = [];

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  async order(): Promise<void> {
    const body = JSON.stringify({ product: 'mug', quantity: 1, customer: 'crash harness' });
    const response = await this.#ask('backend', '/orders', { method: 'POST', body });
    violate(response.status !== 201, `An order was answered ${response.status}: ${response.text}`);
    this.#orders.push((JSON.parse(response.text) as { id: string }).id);
  }

  /** Throws a `Violation` unless every service answers as this edition, and knows every order. */
  async check(edition: Edition): Promise<void> {
    const version = JSON.parse((await this.#ask('backend', '/version')).text) as { version: string; level: number };
    const { backend, level, brand } = edition;
    violate(version.version !== backend, `The backend answers as ${version.version}, not as ${backend}.`);
    violate(version.level !== level, `The database is at level ${version.level}, not at ${level}.`);
    for (const service of ['admin', 'marketing'] as const) {
      const { status, text } = await this.#ask(service, '/');
      violate(status !== 200, `${service} answers ${status}: ${text.slice(0, 500)}`);
      const named = text.includes(`${brand} `) || text.includes(`${brand}<`);
      violate(!named, `${service} does not call itself ${brand}: ${text.slice(0, 500)}`);
    }
    for (const id of this.#orders) {
      const { status } = await this.#ask('backend', `/orders/${id}`);
      violate(status !== 200, `The order ${id} is lost: ${status}.`);
    }
  }

  async #ask(
    service: keyof Shop['ports'],
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; text: string }> {
    const url = `http://127.0.0.1:${this.#shop.ports[service]}${path}`;
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) }).catch((error: Error) => {
      const { message } = error.cause instanceof Error ? error.cause : error;
      throw new Error(`${url} does not answer: ${message}`);
    });
    return { status: response.status, text: await response.text() };
  }
}
