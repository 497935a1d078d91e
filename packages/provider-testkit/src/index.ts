export { openTestPlace, type TestPlace } from './call-context.ts';
export type { Fault } from './fault.ts';
export { freePort } from './free-port.ts';
export { inMemoryProvider, type MemoryOptions, memoryThing } from './in-memory-provider.ts';
export { EchoSocket } from './load/echo-socket.ts';
export { type Exchange, type ExchangeOptions, exchange } from './load/exchange.ts';
export { type Load, type LoadOptions, sendLoad, startLoad } from './load/load.ts';
export { type LoadReport, shareOf } from './load/report.ts';
export { ManualClock, rest } from './manual-clock.ts';
export type { MemoryPlatformOptions } from './memory-act.ts';
export { type ClusterCall, MemoryCluster, type MemoryRevision } from './memory-cluster.ts';
export { memoryPlatform, memoryRollouts } from './memory-platform.ts';
export { memoryRouter } from './memory-router.ts';
export { type Arrivals, MemoryTraffic } from './memory-traffic.ts';
export { type MemoryCall, type MemoryThing, MemoryWorld } from './memory-world.ts';
export { OwnEngine, type OwnEngineOptions } from './own-engine.ts';
export { OwnPodman, type PodmanOptions } from './own-podman.ts';
export {
  type ConformanceCheck,
  type ResourcePlace,
  type ResourceSubject,
  resourceChecks,
} from './resource-checks.ts';
export { type Runs, sampleSpec, writeSample } from './sample/artifact.ts';
export { SampleProcess } from './sample/sample-process.ts';
export { type LabHost, type SshLab, startHosts } from './ssh-lab.ts';
export { type SystemdLab, startSystemdHosts } from './ssh-lab-systemd.ts';
export type { MakeStorePlace, StorePlace } from './store-conformance/place.ts';
/** Records, plans and events to try a store with. */
export * as storeSamples from './store-conformance/samples.ts';
export { waitUntil } from './wait-until.ts';
