import type { ZodType } from 'zod';
import type { Provider } from '../../provider/contract.ts';
import type { ProviderRegistry } from '../../provider/registry.ts';
import { nearest } from '../nearest.ts';
import { quote } from '../problem.ts';

const OPTION_KINDS = ['platforms', 'routers', 'sources'] as const;
/** What is named in the config with options of its own. */
export type OptionKind = (typeof OPTION_KINDS)[number];
type OptionNames = { [Kind in OptionKind]: Iterable<string> };

/**
 * What the providers know of the resource types and platforms that a project names. A type or platform
 * that nobody knows is no fault of the config (a plan says what is missing), unless it looks like a typo.
 */
export class TypeIndex {
  readonly #registry: ProviderRegistry;
  readonly #typos = new Map<string, string>();
  readonly #found = { platforms: new Map(), routers: new Map(), sources: new Map() } as {
    [Kind in OptionKind]: Map<string, Provider | undefined>;
  };

  private constructor(registry: ProviderRegistry) {
    this.#registry = registry;
  }

  /** Loads the providers of these names and of those that they might be typos of. */
  static async load(registry: ProviderRegistry, names: { types: Iterable<string> } & OptionNames) {
    const index = new TypeIndex(registry);
    for (const name of new Set(names.types)) await index.#look(name, typeNames);
    for (const kind of OPTION_KINDS) {
      for (const name of new Set(names[kind]))
        index.#found[kind].set(
          name,
          await index.#look(name, (provider) => offeredBy(provider, kind).map(({ name }) => name)),
        );
    }
    return index;
  }

  /** What a platform, router or metric source says of its options; undefined where it isn't known, or doesn't say. */
  optionsSchema(kind: OptionKind, name: string): ZodType | undefined {
    const provider = this.#found[kind].get(name);
    return provider && offeredBy(provider, kind).find((one) => one.name === name)?.schema;
  }

  schemaOf(type: string): ZodType | undefined {
    return this.#registry.resourceType(type)?.schema;
  }

  /** `did you mean "local:command"?` for a name that isn't there but near to one that is. */
  typoHint(name: string): string | undefined {
    return this.#typos.get(name);
  }

  async #look(name: string, namesOf: (provider: Provider) => string[]): Promise<Provider | undefined> {
    const [providerName = '', ...kind] = name.split(':');
    const provider = await this.#registry.provider(providerName);
    if (provider) {
      const offered = namesOf(provider);
      if (!offered.includes(name)) this.#note(name, nearest(name, offered));
      return provider;
    }
    // Only a near provider that has the very thing: an unknown provider is more likely not installed.
    const near = nearest(providerName, this.#registry.names);
    const meant = near === undefined ? undefined : [near, ...kind].join(':');
    const nearProvider = near === undefined ? undefined : await this.#registry.provider(near);
    if (meant && nearProvider && namesOf(nearProvider).includes(meant)) this.#note(name, meant);
    return undefined;
  }

  #note(name: string, meant: string | undefined): void {
    if (meant !== undefined) this.#typos.set(name, `did you mean ${quote(meant)}?`);
  }
}

const typeNames = (provider: Provider) => provider.resourceTypes.map((type) => type.name);

function offeredBy(provider: Provider, kind: OptionKind): readonly { name: string; schema?: ZodType }[] {
  const { platforms, routers = [], metricSources = [] } = provider;
  if (kind === 'platforms') return platforms;
  if (kind === 'sources') return metricSources;
  return [...routers, ...platforms.flatMap(({ router }) => router ?? [])];
}
