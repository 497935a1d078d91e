import type { RouterCapabilities } from '@slipway/core/provider';
import { test } from 'vitest';
import type { OpenStand, RoutingStand } from './stand.ts';

/** Declares a check of a router; it is skipped, saying so, where the router says that it can't do what it is about. */
export type DeclareCheck = (
  name: string,
  check: (stand: RoutingStand) => Promise<void>,
  about?: keyof RouterCapabilities,
) => void;

/** Each check has a stand of its own, which is taken away whatever came of it. */
export function checksOn(open: OpenStand): DeclareCheck {
  return (name, check, about) => {
    test(name, async ({ skip }) => {
      const stand = await open();
      try {
        if (about && !stand.router.capabilities[about]) skip(`${stand.router.name} has no ${about}`);
        await check(stand);
      } finally {
        await stand.close();
      }
    });
  };
}
