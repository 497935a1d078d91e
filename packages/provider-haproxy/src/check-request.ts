import { SlipwayError, type TrafficRequest } from '@slipway/core/provider';

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
