/** Deploys every project whose folder is an argument, all at once in this one process. */
import { ProviderRegistry, Slipway } from '@slipway/core';

const registry = new ProviderRegistry({
  core: () => import('@slipway/core').then((core) => core.coreProvider),
  local: () => import('@slipway/provider-local').then((local) => local.localProvider),
});

await Promise.all(
  process.argv.slice(2).map(async (directory) => {
    const slipway = await Slipway.open({ directory, registry });
    const { status } = await slipway.deploy();
    await slipway.close();
    if (status !== 'completed') throw new Error(`${directory}: ${status}`);
  }),
);
