import type { ServiceSpec } from '../config/project.ts';
import type { JsonObject } from '../json.ts';
import type { MonthlyCost } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { StateRecord } from '../state/record.ts';
import type { Sums } from './sums.ts';

/** 0: nothing, in any currency; undefined: not known. */
export type Price = MonthlyCost | 0 | undefined;

type Asked<T> = (of: T) => Price;

/**
 * What single things cost a month, as the loaded providers say. Asks each adapter for its function once, so that a
 * node whose type costs nothing, or doesn't know, takes no memory.
 */
export class Prices {
  readonly #registry: ProviderRegistry;
  readonly #types = new Map<string, Asked<JsonObject>>();
  readonly #platforms = new Map<string, Asked<ServiceSpec>>();

  constructor(registry: ProviderRegistry) {
    this.#registry = registry;
  }

  ofResource(type: string, properties: JsonObject): Price {
    let asked = this.#types.get(type);
    if (!asked) {
      asked = this.#registry.resourceType(type)?.cost ?? notKnown;
      this.#types.set(type, asked);
    }
    return answerOf(asked, properties);
  }

  /** Of one revision that runs on a platform. */
  ofRevision(platform: string, spec: ServiceSpec): Price {
    let asked = this.#platforms.get(platform);
    if (!asked) {
      asked = this.#registry.platform(platform)?.cost ?? notKnown;
      this.#platforms.set(platform, asked);
    }
    return answerOf(asked, spec);
  }

  /** Adds what is recorded, a service with all its revisions, for each of them runs. False when it isn't known. */
  addRecord(record: StateRecord, sums: Sums): boolean {
    if (record.kind === 'resource') return sums.add(this.ofResource(record.type, record.properties));
    const specs = Object.values(record.revisions).map(({ spec }) => spec);
    return this.addRevisions(record.platform, specs, sums);
  }

  /** Adds the revisions of one service. False when one isn't known. */
  addRevisions(platform: string, specs: readonly ServiceSpec[], sums: Sums): boolean {
    return sums.addParts(specs.map((spec) => this.ofRevision(platform, spec)));
  }
}

function notKnown(): undefined {
  return undefined;
}

/** A provider's mistake about money must not keep anybody from deploying, least of all from going back. */
function answerOf<T>(asked: Asked<T>, of: T): Price {
  try {
    const price = asked(of);
    return price === 0 || price === undefined ? price : soundCost(price);
  } catch {
    return undefined;
  }
}

function soundCost(cost: MonthlyCost): Price {
  const { amount, currency } = cost;
  if (!Number.isFinite(amount) || amount < 0 || !/^[A-Z]{3}$/.test(currency)) return undefined;
  return amount === 0 ? 0 : cost;
}
