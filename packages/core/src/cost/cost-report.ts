import type { Address } from '../address.ts';
import type { MonthlyCost } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { State } from '../state/record.ts';
import { Prices } from './prices.ts';
import { Sums } from './sums.ts';

/** What an environment costs a month, as far as the providers know it of what is recorded. */
export interface CostReport {
  environment: string;
  /** Everything that is recorded, by address. A service counts with each revision that runs, one on standby too. */
  items: CostItem[];
  /** The sum of what is known, by currency in alphabetical order; empty when nothing is known to cost anything. */
  monthly: MonthlyCost[];
  /** The addresses whose cost isn't known. */
  unknown: Address[];
}

export interface CostItem {
  address: Address;
  /** The resource type, or `service`. */
  type: string;
  /** Where a service runs; absent for resources. */
  platform?: string;
  /** One for each currency; empty when it costs nothing; null when it isn't known. */
  monthly: MonthlyCost[] | null;
}

/** Adds up what is recorded, with every provider loaded that it names. Pure; linear but for sorting. */
export function reportCost(environment: string, state: State, registry: ProviderRegistry): CostReport {
  const prices = new Prices(registry);
  const total = new Sums();
  const items = [...state.values()].map((record): CostItem => {
    const own = new Sums();
    const isKnown = prices.addRecord(record, own);
    const monthly = isKnown ? own.list() : null;
    for (const cost of monthly ?? []) total.add(cost);
    const { address } = record;
    if (record.kind === 'resource') return { address, type: record.type, monthly };
    return { address, type: 'service', platform: record.platform, monthly };
  });
  items.sort((a, b) => (a.address < b.address ? -1 : 1));
  const unknown = items.filter(({ monthly }) => monthly === null).map(({ address }) => address);
  return { environment, items, monthly: total.list(), unknown };
}
