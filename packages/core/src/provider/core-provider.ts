import type { Provider } from './contract.ts';
import { coreValue } from './core-value.ts';

/** What needs nothing but Slipway itself: {@link coreValue}. */
export const coreProvider: Provider = {
  name: 'core',
  resourceTypes: [coreValue],
  platforms: [],
};
