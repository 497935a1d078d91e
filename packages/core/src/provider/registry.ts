import { SlipwayError } from '../errors.ts';
import type { ErrorClass, MetricSource, Platform, Provider, ResourceType, Router } from './contract.ts';
import { traced, tracedPlatform } from './traced.ts';

/** Loads a provider on first use. */
export type ProviderLoader = () => Promise<Provider>;

/** The provider of a resource type, platform, router or metric source: what stands before the colon, else all of it. */
export function providerOf(type: string): string {
  return type.split(':', 1)[0]!;
}

/** Finds providers and what they contribute by name; loads a provider's package only when it is asked for. */
export class ProviderRegistry {
  readonly #loaders: ReadonlyMap<string, ProviderLoader>;
  readonly #loaded = new Map<string, Promise<Provider>>();
  readonly #types = new Map<string, ResourceType>();
  readonly #platforms = new Map<string, Platform>();
  readonly #routers = new Map<string, Router>();
  readonly #metricSources = new Map<string, MetricSource>();
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
        this.#take(provider);
        return provider;
      });
      this.#loaded.set(name, loading);
    }
    return await loading;
  }

  #take(provider: Provider): void {
    this.#providers.set(provider.name, provider);
    for (const type of provider.resourceTypes) this.#types.set(type.name, traced(type.name, type));
    for (const platform of provider.platforms) {
      const known = tracedPlatform(platform);
      this.#platforms.set(platform.name, known);
      // Whatever offers it as a router has the name rather than a platform that has one like it.
      if (known.router && !this.#routers.has(known.router.name)) this.#routers.set(known.router.name, known.router);
    }
    for (const router of provider.routers ?? []) this.#routers.set(router.name, traced(router.name, router));
    for (const source of provider.metricSources ?? []) {
      this.#metricSources.set(source.name, traced(source.name, source));
    }
  }

  /** Loads what these resource types, platforms, routers and metric sources need; unknown names are left to the planner to refuse. */
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

  /** A router of its own, or one that belongs to a platform, by its name. */
  router(name: string): Router | undefined {
    return this.#routers.get(name);
  }

  /** What distributes traffic before a platform: the named router, else the platform's own. */
  routerFor(platform: Platform, name?: string): Router | undefined {
    return name === undefined ? platform.router : this.#routers.get(name);
  }

  metricSource(name: string): MetricSource | undefined {
    return this.#metricSources.get(name);
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

  /** The router named, else the platform's own, or an error that says what is missing and where to name one. */
  requireRouter(platformName: string, name: string | undefined, subject: string): Router {
    const platform = this.requirePlatform(platformName, subject);
    const found = this.routerFor(platform, name);
    if (found) return found;
    if (name === undefined) {
      throw new SlipwayError('capability-missing', `The platform ${platformName} has no router of its own.`, {
        subject,
        hint: 'Name one for the environment in the config: `router: haproxy`, or `router: local`.',
        details: { effect: 'none' },
      });
    }
    throw new SlipwayError('capability-missing', `No provider offers the router ${name}.`, {
      subject,
      hint: `Known providers: ${this.names.join(', ')}.`,
      details: { effect: 'none' },
    });
  }
}
