export type { MakeStorePlace, StorePlace } from './store-conformance/place.ts';
/** Records, plans and events to try a store with. */
export * as storeSamples from './store-conformance/samples.ts';
export * from './store-conformance.ts';
