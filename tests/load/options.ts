import { parseArgs } from 'node:util';
import { STANDS, type Stand } from './stand.ts';

export interface Options {
  on: Stand[];
  /** Over all stands, at least. */
  requests: number;
  /** All stands at the same time, instead of one after another. */
  atOnce: boolean;
}

const USAGE = 'npm run soak -- [--on local,docker,ssh] [--requests 1000000] [--at-once]';

/** Throws with what to type instead. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      on: { type: 'string', default: Object.keys(STANDS).join(',') },
      requests: { type: 'string', default: '1000000' },
      'at-once': { type: 'boolean', default: false },
    },
  });
  const on = values.on.split(',').filter(Boolean);
  const unknown = on.find((name) => !isStand(name));
  if (unknown !== undefined) throw new Error(`--on takes no ${unknown}. Usage: ${USAGE}`);
  if (!/^\d+$/.test(values.requests))
    throw new Error(`--requests takes a whole number, not ${values.requests}. Usage: ${USAGE}`);
  return { on: on.filter(isStand), requests: Number(values.requests), atOnce: values['at-once'] };
}

const isStand = (name: string): name is Stand => Object.hasOwn(STANDS, name);
