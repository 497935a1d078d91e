import type { Router, RouterCapabilities } from '@slipway/core/provider';
import { askAgent, callAgent, mayHost } from '../agent/client.ts';
import { checkPort } from './check-port.ts';

const capabilities: RouterCapabilities = {
  weights: true,
  headers: true,
  cookies: true,
  affinity: true,
  previewPort: true,
  webSockets: true,
  latency: true,
};

/**
 * The router that the local agent holds: one port of this machine per service. It leads to whatever instances it is
 * told, its own agent's or those of another platform.
 */
export const localRouter: Router = {
  name: 'local',
  capabilities,
  checkPort,

  async setWeights(context, { service, port, weights, backends, routes, affinity }) {
    const { environment, epoch } = context;
    const route = { port, weights, backends, routes, ...(affinity ? { affinity } : {}) };
    return await callAgent(context, 'set-route', { environment, epoch, service, ...route });
  },

  async weights(context, service) {
    return (await askAgent(context, 'weights', { environment: context.environment, service })) ?? {};
  },

  async drain(context, { service, revision, slots, drainMs }) {
    if (!(await mayHost(context))) return { kind: 'drained' };
    const what = { service, revision, drainMs, ...(slots ? { slots } : {}) };
    return await callAgent(context, 'drain', { environment: context.environment, ...what });
  },

  async traffic(context, service) {
    return (await askAgent(context, 'traffic', { environment: context.environment, service })) ?? {};
  },

  async remove(context, service) {
    const { environment, epoch } = context;
    await callAgent(context, 'remove-route', { environment, epoch, service });
  },
};
