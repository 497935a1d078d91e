import type { Environment, ServiceSpec } from '../config/project.ts';
import type { Platform } from '../provider/contract.ts';

/** How many instances of a service there are to be: as declared, else as many as its platform has by default. */
export function wantedInstances(
  { instances }: Pick<ServiceSpec, 'instances'>,
  platform: Platform | undefined,
  environment: Pick<Environment, 'platform'>,
): number {
  return instances ?? platform?.instances?.(environment.platform).byDefault ?? 1;
}
