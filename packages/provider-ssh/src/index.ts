import { type ErrorClass, type Provider, SlipwayError } from '@slipway/core/provider';
import { sshPlatform } from './platform/ssh-platform.ts';

/** Deploys to hosts over SSH: `platform: ssh`. */
export const sshProvider: Provider = {
  name: 'ssh',
  resourceTypes: [],
  platforms: [sshPlatform],
  classify: (error): ErrorClass => (error instanceof SlipwayError && error.retryable ? 'transient' : 'permanent'),
};
