import { ProviderRegistry } from '@slipway/core';

/** Every provider that comes with the command line, one line each; loaded when a config asks for it. */
export function defaultRegistry(): ProviderRegistry {
  return new ProviderRegistry({
    core: () => import('@slipway/core').then((core) => core.coreProvider),
    local: () => import('@slipway/provider-local').then((local) => local.localProvider),
  });
}
