import type { Provider } from '@slipway/core/provider';
import { classify } from './platform/classify.ts';
import { localPlatform } from './platform/local-platform.ts';
import { localResourceTypes } from './resources/index.ts';

export { type AgentStatus, type AgentStopped, agentStatus, stopAgent } from './agent/agent-control.ts';

/** This machine: files and commands as resources, and supervised processes behind a router as the platform. */
export const localProvider: Provider = {
  name: 'local',
  resourceTypes: localResourceTypes,
  platforms: [localPlatform],
  classify,
};
