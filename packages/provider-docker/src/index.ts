import type { Provider } from '@slipway/core/provider';
import { dockerPlatform } from './docker-platform.ts';
import { classify } from './errors.ts';

/** Deploys to a Docker Engine, or to Podman's socket: `platform: docker`. */
export const dockerProvider: Provider = {
  name: 'docker',
  resourceTypes: [],
  platforms: [dockerPlatform],
  classify,
};
