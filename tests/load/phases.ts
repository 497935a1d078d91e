import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEvent } from '@slipway/core';
import type { Outcome, Site } from './site.ts';

/** How long things last, in ms. */
export interface Pace {
  /** Of a canary's steps: long enough for the split to be measured. */
  holdMs: number;
  /** Visitors leave connections that they keep before a drain is over. */
  drainMs: number;
}

/** A change of the service, and what one may measure meanwhile. */
export interface Phase {
  name: string;
  /** In per cent, in the order of the holds. */
  weights: readonly number[];
  /** How it ends, by the command's exit code. */
  code: number;
  /** Makes the change with the real command, from as many processes as a person would. */
  perform(site: Site, version: string, onEvent: (event: JournalEvent) => void): Promise<Outcome>;
}

const WAITS_MS = 1_000;
/** Nobody is waited for longer; a person's wish comes well before. */
const PATIENCE = '10m';

/** Each starts from what the one before left. */
export function phasesAt({ holdMs, drainMs }: Pace): Phase[] {
  const [hold, drain] = [`${holdMs}ms`, `${drainMs}ms`];
  const canary = (...steps: object[]) => ({ canary: { steps, drain } });
  const plain = (name: string, strategy: object, weights: number[] = []): Phase => ({
    name,
    weights,
    code: 0,
    perform: (site, version, onEvent) => deploy(site, version, strategy, onEvent),
  });
  return [
    plain('rolling', { rolling: { drain } }),
    plain('blue-green', { 'blue-green': { drain } }),
    plain('canary', canary({ weight: 10, hold }, { weight: 25, hold }, { weight: 50, hold }), [10, 25, 50]),
    {
      name: 'promotion',
      weights: [],
      code: 0,
      perform: (site, version, onEvent) =>
        deploySteered(site, version, canary({ weight: 25, pause: true }), onEvent, {
          when: ({ type, data }) => type === 'step.waiting' && data.reason !== null,
          word: 'promote',
        }),
    },
    {
      name: 'rollback',
      weights: [],
      code: 0,
      perform: (site, _, onEvent) => site.slipway(['rollback', '--yes'], onEvent),
    },
    {
      name: 'abort',
      weights: [],
      code: 3,
      perform: (site, version, onEvent) =>
        deploySteered(site, version, canary({ weight: 50, hold: '10m' }), onEvent, { when: isHold, word: 'abort' }),
    },
  ];
}

/** Whether the journal says that a hold begins. */
export const isHold = ({ type, step }: JournalEvent): boolean =>
  type === 'step.started' && step !== null && /\/hold/.test(step);

export async function deploy(
  site: Site,
  version: string,
  strategy: object,
  onEvent: (event: JournalEvent) => void,
): Promise<Outcome> {
  site.declare(version, strategy);
  return await site.slipway(['deploy', '--yes', '--ship', version, '--wait', PATIENCE], onEvent);
}

/** Deploys, and gives it a word from another process, a moment after it came to a point. */
async function deploySteered(
  site: Site,
  version: string,
  strategy: object,
  onEvent: (event: JournalEvent) => void,
  { when, word }: { when: (event: JournalEvent) => boolean; word: 'promote' | 'abort' },
): Promise<Outcome> {
  let said: Promise<Outcome> | undefined;
  const ended = await deploy(site, version, strategy, (event) => {
    onEvent(event);
    if (when(event)) said ??= sleep(WAITS_MS).then(() => site.slipway([word]));
  });
  const told = await said;
  if (told?.code === 0) return ended;
  return { code: null, said: `slipway ${word}: ${told ? told.said : 'it was never time for it'}\n${ended.said}` };
}
