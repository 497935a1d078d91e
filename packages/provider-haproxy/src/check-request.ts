import { SlipwayError, type TrafficRequest } from '@slipway/core/provider';

/** Whether anybody is to be led to the service. */
export function isOpen({ weights, routes }: TrafficRequest): boolean {
  return routes.length > 0 || Object.values(weights).some((share) => share > 0);
}

/** Refuses what no router could do: weight or a route for a revision of which no instance takes part. */
export function checkRequest({ service, weights, routes, backends }: TrafficRequest): void {
  const weighted = Object.entries(weights).filter(([, share]) => share > 0);
  for (const revision of [...weighted.map(([name]) => name), ...routes.map((route) => route.revision)]) {
    if ((backends[revision] ?? []).length > 0) continue;
    throw new SlipwayError(
      'revision-not-running',
      `${service} is to have traffic on ${revision}, and no instance of it runs.`,
      {
        subject: revision,
        hint: 'Stage the revision first. Traffic is as it was.',
        details: { effect: 'none' },
      },
    );
  }
}
