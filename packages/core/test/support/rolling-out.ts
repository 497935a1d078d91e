import type { JournalEvent } from '../../src/journal/event.ts';
import type { Slipway } from '../../src/slipway.ts';
import { viewOf } from './outside-view.ts';
import type { Playground } from './playground.ts';

/** All that a way back must bring back: the record, what runs with which instances, and what the router was told. */
export async function everything(play: Playground, service = 'web') {
  const running = [...play.cluster.revisions].map(([key, { slots }]) => [key, slots]);
  const { backends, routes, affinity, health } = play.cluster.distribution(service)!;
  return { view: await viewOf(play), running: running.sort(), backends, routes, affinity, health };
}

/** Begins the rollout, and resolves when its step with this name has begun, with the deployment's end still to come. */
export async function begun(play: Playground, step: string, options: Parameters<Slipway['deploy']>[0] = {}) {
  const reached = Promise.withResolvers<void>();
  const slipway = await play.open();
  const journal: JournalEvent[] = [];
  slipway.on((event) => {
    if (event.kind !== 'journal') return;
    journal.push(event.event);
    const { type, step: id } = event.event;
    if ((type === 'step.noted' || type === 'step.waiting') && id === `service:web/${step}`) reached.resolve();
  });
  const done = slipway.deploy(options);
  done.catch(() => {});
  await Promise.race([reached.promise, done]);
  return { done, journal };
}
