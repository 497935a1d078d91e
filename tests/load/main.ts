import { readOptions } from './options.ts';
import { type PhaseReport, soak } from './soak.ts';
import { STANDS } from './stand.ts';
import { told } from './told.ts';

// npm run soak -- --on local,docker,ssh --requests 1000000: every kind of change to a service, made by the real command
// while users of every kind come in. Exit code 1 when a request failed, a connection was cut, or a split was off.

const { on, requests } = readOptions(process.argv.slice(2));
const PACE = { holdMs: 15_000, drainMs: 10_000 };
let [passed, failed, all] = [0, 0, 0];
for (const stand of on) {
  const ground = await STANDS[stand].open();
  const tell = (report: PhaseReport) => {
    console.log(told(stand, report));
    if (report.problems.length === 0) passed++;
    else failed++;
    all += report.requests;
  };
  try {
    await soak(ground, { ...PACE, requests: Math.ceil(requests / on.length), visitors: {}, lasting: true }, tell);
  } catch (error) {
    failed++;
    console.log(`${stand}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await ground.close();
  }
}
console.log(`${all} requests in all`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
