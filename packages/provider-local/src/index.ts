import type { Provider } from '@slipway/core/provider';
import { classify } from './platform/classify.ts';
import { localPlatform } from './platform/local-platform.ts';
import { localRouter } from './platform/local-router.ts';
import { localResourceTypes } from './resources/index.ts';

export { type AgentStatus, type AgentStopped, agentStatus, stopAgent } from './agent/agent-control.ts';

/** This machine: files and commands as resources, supervised processes as a platform, and a router before any platform's. */
export const localProvider: Provider = {
  name: 'local',
  resourceTypes: localResourceTypes,
  platforms: [localPlatform],
  routers: [localRouter],
  classify,
};
