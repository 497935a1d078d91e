import { Slipway } from '@slipway/core';
import { defaultRegistry } from '../packages/cli/src/providers.ts';

/** Does something to the project in a folder in a session of its own, as another terminal would. */
export async function inSession<T>(directory: string, work: (slipway: Slipway) => Promise<T>): Promise<T> {
  const slipway = await Slipway.open({ directory, registry: defaultRegistry() });
  try {
    return await work(slipway);
  } finally {
    await slipway.close();
  }
}
