import type { Router } from '@slipway/core/provider';
import { askAgent, callAgent, mayHost } from '../agent/client.ts';

/** The router that the local agent holds: one port of this machine per service. */
export const localRouter: Router = {
  async setWeights(context, { service, port, weights }) {
    const { environment, epoch } = context;
    return await callAgent(context, 'set-route', { environment, epoch, service, port, weights });
  },

  async weights(context, service) {
    return (await askAgent(context, 'weights', { environment: context.environment, service })) ?? {};
  },

  async drain(context, { service, revision, drainMs }) {
    if (!(await mayHost(context))) return { kind: 'drained' };
    return await callAgent(context, 'drain', { environment: context.environment, service, revision, drainMs });
  },

  async traffic(context, service) {
    return (await askAgent(context, 'traffic', { environment: context.environment, service })) ?? {};
  },

  async remove(context, service) {
    const { environment, epoch } = context;
    await callAgent(context, 'remove-route', { environment, epoch, service });
  },
};
