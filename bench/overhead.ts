/**
 * What Slipway itself costs while deployments wait for others: CPU seconds over (cores x wall) of ten
 * deployments at once, each waiting for a command that sleeps; as ten command lines, and as one process
 * that runs all ten. What the sleeping commands cost is counted as ours. Needs GNU time.
 *
 * Usage: node bench/overhead.ts [--minutes 5] [--deployments 10]
 * Progress goes to stderr, JSON to stdout.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from './measure/machine.ts';
import { type Cost, measureProcess } from './measure/measure-process.ts';
import { writeWaitingProject } from './overhead/waiting-project.ts';

const CLI = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'slipway.js');
const HOST = join(import.meta.dirname, 'overhead', 'host.ts');
/** As the command line does it: compiled code is kept between processes. */
const CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') };

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, deployments: { type: 'string', default: '10' } },
});
const seconds = Number(values.minutes) * 60;
const count = Number(values.deployments);
const machine = describeMachine();
const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-overhead-'));
try {
  await measureHost([await writeWaitingProject(folder, 'warm-up', 0)]);
  console.error(`2 x ${count} deployments, each waiting ${seconds} s`);
  const [commandLines, oneProcess] = await Promise.all([deployByCommandLines(), deployInOneProcess()]);
  const report = { version: 1, machine, deployments: count, waitSeconds: seconds, commandLines, oneProcess };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function deployByCommandLines() {
  const projects = await writeProjects('line');
  const costs = await Promise.all(
    projects.map((cwd) => measureProcess({ file: process.execPath, args: [CLI, 'deploy', '--yes'], cwd })),
  );
  return summarize(costs);
}

async function deployInOneProcess() {
  const projects = await writeProjects('host');
  return summarize([await measureHost(projects)]);
}

function measureHost(projects: readonly string[]): Promise<Cost> {
  const args = ['-C', 'slipway-source', HOST, ...projects];
  return measureProcess({ file: process.execPath, args, cwd: folder, env: CACHE });
}

async function writeProjects(prefix: string): Promise<string[]> {
  return await Promise.all(
    Array.from({ length: count }, (_, at) => writeWaitingProject(folder, `${prefix}-${at}`, seconds)),
  );
}

function summarize(costs: readonly Cost[]) {
  const cpuMs = costs.reduce((sum, cost) => sum + cost.cpuMs, 0);
  const wallMs = Math.max(...costs.map((cost) => cost.wallMs));
  const percent = (cpuMs / (availableParallelism() * wallMs)) * 100;
  const peakBytes = costs.reduce((sum, cost) => sum + cost.peakBytes, 0);
  console.error(`${percent.toFixed(3)} % of the machine: ${(cpuMs / 1_000).toFixed(2)} s of CPU`);
  return { cpuMs, wallMs, percent, peakBytes };
}
