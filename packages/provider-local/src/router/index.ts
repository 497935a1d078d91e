export type { Backend, HttpBackend, RouteRequest, StaticBackend } from './backend.ts';
export { ServiceRouter, type ServiceRouterOptions } from './service-router.ts';
export type { Drained } from './wait-until-idle.ts';
