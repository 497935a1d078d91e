import type { Address } from '../address.ts';
import type { ServiceSpec } from '../config/project.ts';
import type { JsonObject } from '../json.ts';
import type { PlanCost } from '../plan/plan.ts';
import type { StepDraft } from '../plan/step-drafts.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ServiceRecord, State, StateRecord } from '../state/record.ts';
import { Prices } from './prices.ts';
import { Sums } from './sums.ts';

/** Adds up what an environment costs before a plan and after it. Pure; linear in what it is told of. */
export class PlanCosts {
  readonly #prices: Prices;
  readonly #before = new Sums();
  readonly #after = new Sums();
  readonly #unknown = new Set<Address>();

  constructor(registry: ProviderRegistry) {
    this.#prices = new Prices(registry);
  }

  /** All of it is there until now. */
  before(state: State): void {
    for (const record of state.values()) {
      this.#note(record.address, this.#prices.addRecord(record, this.#before));
    }
  }

  /** Will be as it is recorded. */
  stays(record: StateRecord): void {
    this.#note(record.address, this.#prices.addRecord(record, this.#after));
  }

  /** Will be there with these properties, where what only the run can know is a reference still. */
  resource(address: Address, type: string, properties: JsonObject): void {
    this.#note(address, this.#after.add(this.#prices.ofResource(type, properties)));
  }

  /** Will run in these revisions. */
  service(address: Address, platform: string, specs: readonly ServiceSpec[]): void {
    this.#note(address, this.#prices.addRevisions(platform, specs, this.#after));
  }

  /** Undefined while nothing is known to cost anything. */
  total(): PlanCost | undefined {
    if (this.#before.isEmpty && this.#after.isEmpty) return undefined;
    const currencies = [...new Set([...this.#before.currencies, ...this.#after.currencies])].sort();
    return {
      monthly: currencies.map((currency) => ({
        currency,
        before: this.#before.of(currency),
        after: this.#after.of(currency),
      })),
      unknown: [...this.#unknown],
    };
  }

  #note(address: Address, isKnown: boolean): void {
    if (!isKnown) this.#unknown.add(address);
  }
}

/** What a plan that leads from one recorded state to another makes of the cost. */
export function costOfStates(
  registry: ProviderRegistry,
  before: State,
  after: Iterable<StateRecord>,
): PlanCost | undefined {
  const costs = new PlanCosts(registry);
  for (const record of after) costs.stays(record);
  costs.before(before);
  return costs.total();
}

/** What of a service will run once a plan's steps are done: the recorded revisions, those staged, without those retired. */
export function specsAfter(record: ServiceRecord | undefined, steps: readonly StepDraft[]): ServiceSpec[] {
  const specs = new Map(Object.values(record?.revisions ?? {}).map(({ id, spec }) => [id, spec]));
  for (const step of steps) {
    if (step.action === 'stage') specs.set(step.input.revision.id, step.input.revision.spec);
  }
  for (const step of steps) if (step.action === 'retire') specs.delete(step.input.revision);
  return [...specs.values()];
}
