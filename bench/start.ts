/**
 * How long the command line takes to say something: `slipway --help` beside a Node that does nothing, in
 * turn. Usage: node bench/start.ts [--runs 30]. JSON to stdout.
 */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { installSlipway } from './measure/install-slipway.ts';
import { describeMachine } from './measure/machine.ts';
import { type Cost, measureProcess, medianCost } from './measure/measure-process.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '30' } } });
const machine = describeMachine();
const { binary } = await installSlipway();
const COMMANDS = {
  empty: ['-e', '0'],
  version: [binary, '--version'],
  help: [binary, '--help'],
};
const costs: Record<keyof typeof COMMANDS, Cost[]> = { empty: [], version: [], help: [] };
for (let run = 0; run <= Number(values.runs); run++) {
  for (const [name, args] of Object.entries(COMMANDS)) {
    const cost = await measureProcess({ file: process.execPath, args, cwd: tmpdir() });
    // The first round fills the compile cache.
    if (run > 0) costs[name as keyof typeof COMMANDS].push(cost);
  }
}
const [empty, version, help] = [costs.empty, costs.version, costs.help].map(medianCost) as [Cost, Cost, Cost];
const ratios = costs.help.map((cost, run) => cost.wallMs / costs.empty[run]!.wallMs).sort((a, b) => a - b);
const report = { version: 1, machine, empty, slipwayVersion: version, help, helpOverEmpty: ratios[ratios.length >> 1] };
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
