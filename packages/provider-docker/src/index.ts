import type { Provider } from '@slipway/core/provider';

/** Deploys to a Docker Engine, or to Podman's socket: `platform: docker`. */
export const dockerProvider: Provider = {
  name: 'docker',
  resourceTypes: [],
  platforms: [],
};
