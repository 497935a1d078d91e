import { SlipwayError } from '../errors.ts';
import type { ErrorClass, Platform, Provider, ResourceType } from './contract.ts';
import { traced, tracedPlatform } from './traced.ts';

/** Loads a provider on first use. */
export type ProviderLoader = () => Promise<Provider>;

/** The provider of a resource type or platform: what stands before the colon, else all of it. */
export function providerOf(type: string): string {
  return type.split(':', 1)[0]!;
}

/** Finds providers, resource types and platforms by name; loads a provider's package only when it is asked for. */
export class ProviderRegistry {
  readonly #loaders: ReadonlyMap<string, ProviderLoader>;
  readonly #loaded = new Map<string, Promise<Provider>>();
  readonly #types = new Map<string, ResourceType>();
  readonly #platforms = new Map<string, Platform>();
  readonly #providers = new Map<string, Provider>();

  /** `loaders`: by provider name, the part of a resource type before the colon and a platform's `use`. */
  constructor(loaders: Readonly<Record<string, ProviderLoader>>) {
    this.#loaders = new Map(Object.entries(loaders));
  }

  get names(): string[] {
    return [...this.#loaders.keys()];
  }

  /** The provider, or undefined when none of that name is registered. */
  async provider(name: string): Promise<Provider | undefined> {
    const loader = this.#loaders.get(name);
    if (!loader) return undefined;
    let loading = this.#loaded.get(name);
    if (!loading) {
      loading = loader().then((provider) => {
        this.#providers.set(name, provider);
        for (const type of provider.resourceTypes) this.#types.set(type.name, traced(type.name, type));
        for (const platform of provider.platforms) this.#platforms.set(platform.name, tracedPlatform(platform));
        return provider;
      });
      this.#loaded.set(name, loading);
    }
    return await loading;
  }

  /** Loads what these resource types and platforms need; unknown names are left to the planner to refuse. */
  async load(names: Iterable<string>): Promise<void> {
    for (const name of new Set(names)) await this.provider(providerOf(name));
  }

  /** Synchronous after {@link load}: the planner is pure. */
  resourceType(type: string): ResourceType | undefined {
    return this.#types.get(type);
  }

  /** Whether an error that this provider threw may pass by itself. */
  classify(provider: string, error: unknown): ErrorClass {
    const own = this.#providers.get(provider)?.classify?.(error);
    return own ?? (error instanceof SlipwayError && error.retryable ? 'transient' : 'permanent');
  }

  platform(name: string): Platform | undefined {
    return this.#platforms.get(name);
  }

  /** The type, or an error that names what is missing. */
  requireResourceType(type: string, subject: string): ResourceType {
    const found = this.#types.get(type);
    if (found) return found;
    throw new SlipwayError('capability-missing', `No provider offers the resource type ${type}.`, {
      subject,
      hint: `Known providers: ${this.names.join(', ')}.`,
    });
  }

  requirePlatform(name: string, subject: string): Platform {
    const found = this.#platforms.get(name);
    if (found) return found;
    throw new SlipwayError('capability-missing', `No provider offers the platform ${name}.`, {
      subject,
      hint: `Known providers: ${this.names.join(', ')}.`,
    });
  }
}
