import type { StepHandlers } from '../execute/handler.ts';
import type { Store } from '../journal/store.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ArtifactStore } from '../release/artifact-store.ts';
import { analysisHandlers } from './analyse-handler.ts';
import { buildHandler } from './build-handler.ts';
import { migrationHandlers } from './migration-handlers.ts';
import { OwnRequests } from './own-requests.ts';
import { resourceHandlers } from './resource-handlers.ts';
import { publishHandler, scaleHandler, stageHandler } from './stage-handler.ts';
import { testHandler } from './test-handler.ts';
import { trafficHandlers } from './traffic-handlers.ts';
import { leaveUnchanged } from './unchanged-release.ts';
import { waitingHandlers } from './waiting-handlers.ts';

/** One handler per action: everything that a step can do to the world outside. */
export function stepHandlers(parts: {
  registry: ProviderRegistry;
  store: Store;
  artifacts: ArtifactStore;
}): StepHandlers {
  const { registry, store, artifacts } = parts;
  const lookup = async (fingerprint: string) => (await store.artifact(fingerprint))?.digest;
  const staging = { registry, artifacts, lookup };
  const ownRequests = new OwnRequests();
  const handlers: StepHandlers = {
    ...resourceHandlers(registry),
    build: buildHandler(artifacts),
    ...migrationHandlers(registry, artifacts, lookup),
    publish: publishHandler(staging),
    stage: stageHandler(staging),
    scale: scaleHandler(staging),
    test: testHandler(registry, artifacts),
    ...trafficHandlers(registry, ownRequests),
    ...waitingHandlers,
    ...analysisHandlers(registry, ownRequests),
  };
  return leaveUnchanged(handlers, registry);
}
