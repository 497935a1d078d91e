import { readOptions } from './options.ts';
import { soak } from './soak.ts';
import { STANDS, type Stand } from './stand.ts';
import { Tally } from './tally.ts';

// npm run soak -- --on local,docker,ssh --requests 1000000: every kind of change to a service, made by the real command
// while users of every kind come in. Exit code 1 when a request failed, a connection was cut, or a split was off.

const { on, requests, atOnce } = readOptions(process.argv.slice(2));
const HOW = { holdMs: 30_000, drainMs: 10_000, visitors: {}, lasting: true };
const tally = new Tally();

async function soakOn(stand: Stand): Promise<void> {
  try {
    const ground = await STANDS[stand].open();
    try {
      await soak(ground, { ...HOW, requests: Math.ceil(requests / on.length) }, (report) => tally.add(stand, report));
    } finally {
      await ground.close();
    }
  } catch (error) {
    tally.addBroken(stand, error);
  }
}

if (atOnce) await Promise.all(on.map(soakOn));
else for (const stand of on) await soakOn(stand);
tally.tellAll();
process.exitCode = tally.failed === 0 ? 0 : 1;
