import { registerHooks } from 'node:module';
import { coreProvider, ProviderRegistry } from '@slipway/core';
import { localProvider } from '@slipway/provider-local';
import { inMemoryProvider, MemoryWorld } from '@slipway/provider-testkit';

// Preloaded into the command line, whose registry then has one more provider: the one in memory. Its things live as
// long as the process, which is enough to plan them, to deploy them and to tell what recorded ones cost.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url.endsWith('/packages/cli/src/providers.ts') ? { ...found, url: import.meta.url } : found;
  },
});

export function defaultRegistry(): ProviderRegistry {
  return new ProviderRegistry({
    core: async () => coreProvider,
    local: async () => localProvider,
    memory: async () => inMemoryProvider(new MemoryWorld()),
  });
}
