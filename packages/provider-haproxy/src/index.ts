import type { Provider } from '@slipway/core/provider';

/** Distributes traffic with HAProxy: `router: haproxy`, before any platform. */
export const haproxyProvider: Provider = {
  name: 'haproxy',
  resourceTypes: [],
  platforms: [],
};
