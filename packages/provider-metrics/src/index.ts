import type { Provider } from '@slipway/core/provider';
import { command } from './command.ts';
import { http } from './http.ts';
import { prometheus } from './prometheus.ts';

/** Sources of measurements for analyses: `prometheus`, `http` (JSON) and `command`. */
export const metricsProvider: Provider = {
  name: 'metrics',
  resourceTypes: [],
  platforms: [],
  metricSources: [prometheus, http, command],
};
