import type { Provider } from '@slipway/core/provider';
import { classify } from './errors.ts';
import { haproxyRouter } from './haproxy-router.ts';

/** Distributes traffic with HAProxy: `router: haproxy`, before any platform. */
export const haproxyProvider: Provider = {
  name: 'haproxy',
  resourceTypes: [],
  platforms: [],
  routers: [haproxyRouter],
  classify,
};
