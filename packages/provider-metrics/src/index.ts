import type { Provider } from '@slipway/core/provider';

/** Sources of measurements for analyses: `prometheus`, `http` (JSON) and `command`. */
export const metricsProvider: Provider = {
  name: 'metrics',
  resourceTypes: [],
  platforms: [],
};
