import type { Provider } from '@slipway/core/provider';

/** Deploys to hosts over SSH: `platform: ssh`. */
export const sshProvider: Provider = {
  name: 'ssh',
  resourceTypes: [],
  platforms: [],
};
