import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesOf } from '../crash/processes.ts';
import { seeded } from '../random.ts';
import { endQuietly } from './end-quietly.ts';
import { openGround } from './ground.ts';
import { readOptions } from './options.ts';
import { ServiceRuns } from './run-service.ts';
import { Service } from './service.ts';

// npm run chaos -- --runs N --seed S --on docker: what a rollout stands on is taken away in the middle of it, and it is
// looked what came of it. Exit code 1 when something was left, lost or recorded otherwise than it is.

const { runs, seed, on, folder: under } = readOptions(process.argv.slice(2));
const folder = realpathSync(mkdtempSync(join(under ?? tmpdir(), 'slipway-failover-')));
console.log(`${runs} runs on ${on}, seed ${seed}, in ${folder}`);
const ground = await openGround(on, folder);
const counts = new Map<string, number>();
let passed = 0;
let violation: string | undefined;
try {
  const service = new ServiceRuns(await Service.make(join(folder, 'project'), ground), ground);
  await service.open();
  for (let number = 1; number <= runs; number++) {
    for (const name of await service.run(number, seeded(seed * 1_000_003 + number)))
      counts.set(name, (counts.get(name) ?? 0) + 1);
    passed++;
    if (number % 10 === 0) console.log(`${number} runs`);
  }
  await service.close();
} catch (error) {
  // What is broken now says nothing about the next run.
  violation = error instanceof Error ? error.message : String(error);
  console.log(
    `VIOLATION in run ${passed + 1} (--runs ${passed + 1} --seed ${seed} --on ${on}; kept in ${folder})\n${violation}`,
  );
} finally {
  await ground.close();
  // After a violation the project is still there, with what keeps its processes running: those end first.
  for (const { pid } of processesOf(folder).sort((one, other) => one.pid - other.pid)) endQuietly(pid);
}
if (violation === undefined) rmSync(folder, { recursive: true, force: true });
for (const [name, count] of counts) console.log(`taken away: ${name}, ${count} times`);
console.log(`${passed} passed, ${violation === undefined ? 0 : 1} failed`);
process.exitCode = violation === undefined ? 0 : 1;
