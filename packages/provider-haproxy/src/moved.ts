import { SlipwayError } from '@slipway/core/provider';
import { isAttached } from './attached-router.ts';
import { backendOf } from './options.ts';
import { type Either, routersWith } from './routers-with.ts';

/**
 * Services that another HAProxy or backend has than the options of now name: told only the new one, the old one would
 * lead its users to instances that are about to end. Looks only.
 */
export async function movedProblems(wanted: Either, services: readonly string[]): Promise<SlipwayError[]> {
  const found = await Promise.all(
    services.map(async (service) => movedFrom(wanted, await routersWith(wanted, service), service)),
  );
  return found.flatMap((problem) => problem ?? []);
}

/** What keeps a service from being led to by `wanted` while those have its route. */
export function movedFrom(wanted: Either, having: readonly Either[], service: string): SlipwayError | undefined {
  const earlier = having.find((router) => router !== wanted);
  if (!earlier) return undefined;
  return new SlipwayError(
    'haproxy-moved',
    `${service} is served by ${said(earlier, service)}, and is to be by ${said(wanted, service)}: users of the former would be left behind.`,
    {
      subject: service,
      hint: `Put ${optionsOf(earlier, service)} back. Or take the service out there with \`slipway destroy --only ${service} --env ${wanted.context.environment}\` and deploy again: nobody is served in between.`,
      details: { effect: 'none' },
    },
  );
}

function said(router: Either, service: string): string {
  return isAttached(router)
    ? `the backend ${backendOf(router, service)} of the HAProxy at ${router.socket}`
    : 'the HAProxy that Slipway runs';
}

function optionsOf(router: Either, service: string): string {
  return isAttached(router)
    ? `\`socket: ${router.socket}\` and \`backends: { ${service}: ${backendOf(router, service)} }\``
    : '`router: haproxy` without socket';
}
