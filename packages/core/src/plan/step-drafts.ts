import type { Address } from '../address.ts';
import { type ProviderRegistry, providerOf } from '../provider/registry.ts';
import type { Step, StepAction, StepWork } from './step.ts';

/** Defaults for each attempt of a step, in ms. */
const DEFAULT_TIMEOUT_MS = 600_000;
const DEFAULT_RETRIES = 3;
const DEFAULT_ESTIMATE_MS = 1_000;
/** What service steps take where history says nothing, in ms. */
const SERVICE_ESTIMATES: Partial<Record<StepAction, number>> = {
  build: 5_000,
  migrate: 1_000,
  'migrate-down': 1_000,
  stage: 500,
  probe: 2_000,
  test: 3_000,
  switch: 50,
  verify: 200,
  publish: 3_000,
  scale: 500,
  // What a person takes is not estimated.
  pause: 0,
  drain: 200,
  retire: 500,
  unroute: 50,
  record: 1,
};

/** A step before the whole plan is known: without its wave. */
export type StepDraft = Omit<Step, 'wave' | keyof StepWork> & StepWork;

export type StepOptions = Partial<Pick<Step, 'needs' | 'after' | 'until' | 'unless' | 'timeoutMs' | 'retries'>> & {
  /** Instead of what history says: for what lasts as long as it is told to. */
  estimateMs?: number;
};

/** Makes steps, each with the limits, timeout and estimate that apply to it. */
export class StepDrafts {
  readonly list: StepDraft[] = [];
  readonly #byId = new Map<string, StepDraft>();
  readonly #registry: ProviderRegistry;
  readonly #durations: ReadonlyMap<string, number>;

  /** `durations`: recorded ones in ms, by step id. */
  constructor(registry: ProviderRegistry, durations: ReadonlyMap<string, number>) {
    this.#registry = registry;
    this.#durations = durations;
  }

  /** Adds a step on a resource. `suffix` becomes part of its id: `resource:key/create`. */
  resource(subject: Address, type: string, suffix: string, work: StepWork, options: StepOptions = {}): string {
    const known = this.#registry.resourceType(type);
    const action =
      work.action === 'create' || work.action === 'update' || work.action === 'delete' ? work.action : undefined;
    const properties = 'desired' in work.input ? work.input.desired.properties : {};
    const estimate = action === undefined ? 1 : (known?.estimate?.(action, properties) ?? DEFAULT_ESTIMATE_MS);
    return this.#add(subject, suffix, work, type, estimate, {
      timeoutMs: known?.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      ...options,
    });
  }

  /** Adds a step on a service that runs on `platform`. */
  service(subject: Address, platform: string, suffix: string, work: StepWork, options: StepOptions = {}): string {
    const estimate = SERVICE_ESTIMATES[work.action] ?? DEFAULT_ESTIMATE_MS;
    return this.#add(subject, suffix, work, platform, estimate, { timeoutMs: DEFAULT_TIMEOUT_MS, ...options });
  }

  #add(subject: Address, suffix: string, work: StepWork, type: string, estimate: number, options: StepOptions): string {
    const id = `${subject}/${suffix}`;
    const { after, until, unless } = options;
    const draft: StepDraft = {
      id,
      ...work,
      subject,
      needs: options.needs ?? [],
      ...(after && after.length > 0 ? { after } : {}),
      ...(until && until.length > 0 ? { until } : {}),
      ...(unless ? { unless } : {}),
      estimateMs: Math.round(options.estimateMs ?? this.#durations.get(id) ?? estimate),
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      retries: options.retries ?? DEFAULT_RETRIES,
      provider: providerOf(type),
      type,
    };
    this.list.push(draft);
    this.#byId.set(id, draft);
    return id;
  }

  /** A step that was added. */
  get(id: string): Readonly<StepDraft> | undefined {
    return this.#byId.get(id);
  }

  /** Makes a step that is there already wait for another one. */
  addNeed(id: string, need: string): void {
    const needs = this.#byId.get(id)?.needs;
    if (needs && !needs.includes(need)) needs.push(need);
  }
}
