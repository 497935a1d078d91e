import type { Address } from '../address.ts';
import type { ServiceDeclaration } from '../config/project.ts';
import { analysesOfRouter } from '../plan/visits.ts';
import type { CallContext } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ServiceRecord } from '../state/record.ts';
import { lookWithin } from './look-within.ts';

/** How long a router may take to say what it counted. */
const LOOK_WITHIN_MS = 3_000;

/**
 * How many requests the routers of these services counted, of those whose rollouts are judged by them. One that doesn't
 * answer is left out. Looks only; never throws.
 */
export async function lookAtVisits(
  services: readonly ServiceDeclaration[],
  recordOf: (service: ServiceDeclaration) => ServiceRecord | undefined,
  registry: ProviderRegistry,
  context: CallContext,
): Promise<ReadonlyMap<Address, number>> {
  const visits = new Map<Address, number>();
  await Promise.all(
    services.map(async (service) => {
      const record = recordOf(service);
      if (!record || analysesOfRouter(service.spec.strategy).length === 0) return;
      try {
        const router = registry.requireRouter(record.platform, record.router, record.address);
        const traffic = await lookWithin(LOOK_WITHIN_MS, context, (looking) => router.traffic(looking, service.name));
        visits.set(
          service.address,
          Object.values(traffic).reduce((sum, { requests }) => sum + requests, 0),
        );
      } catch {
        // It is asked for the sake of a warning alone.
      }
    }),
  );
  return visits;
}
