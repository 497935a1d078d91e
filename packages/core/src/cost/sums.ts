import type { MonthlyCost } from '../provider/contract.ts';
import type { Price } from './prices.ts';

/** Fractions of this part of a unit are noise of binary fractions, not money. */
const PARTS = 1_000_000;

/** Sums by currency, never across. */
export class Sums {
  readonly #amounts = new Map<string, number>();

  /** False when it isn't known. */
  add(price: Price): boolean {
    if (price === undefined) return false;
    if (price !== 0) this.#amounts.set(price.currency, (this.#amounts.get(price.currency) ?? 0) + price.amount);
    return true;
  }

  /** Adds the parts of one thing. False when one isn't known: then none of it is counted. */
  addParts(prices: readonly Price[]): boolean {
    if (prices.includes(undefined)) return false;
    for (const price of prices) this.add(price);
    return true;
  }

  get isEmpty(): boolean {
    return this.#amounts.size === 0;
  }

  get currencies(): IterableIterator<string> {
    return this.#amounts.keys();
  }

  /** 0 for a currency that nothing was added in. */
  of(currency: string): number {
    return Math.round((this.#amounts.get(currency) ?? 0) * PARTS) / PARTS;
  }

  /** In alphabetical order of the currencies. */
  list(): MonthlyCost[] {
    return [...this.#amounts.keys()].sort().map((currency) => ({ amount: this.of(currency), currency }));
  }
}
