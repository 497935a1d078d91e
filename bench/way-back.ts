/**
 * How long users get a bad release once it is known to be bad: a canary that fails its analysis, from the sample
 * that decided it, in the journal, to the last request that a user sent and the bad release answered, as that user saw it.
 *
 * Usage: node -C slipway-source bench/way-back.ts [--on local,docker] [--faults errors,slow,leak,hollow] [--runs 30] [--out FILE]
 * `docker` needs a Docker engine with `node:26-slim` and HAProxy. Progress goes to stderr, Markdown to stdout.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { FAULTS, type Fault } from '../tests/verdicts/bad-release.ts';
import { CanarySite, type Stand } from '../tests/verdicts/canary-site.ts';
import { goBadOn } from '../tests/verdicts/go-bad-on.ts';
import { describeMachine } from './measure/machine.ts';

const { values } = parseArgs({
  options: {
    on: { type: 'string', default: 'local,docker' },
    faults: { type: 'string', default: 'errors,slow,leak,hollow' },
    runs: { type: 'string', default: '30' },
    out: { type: 'string' },
  },
});
const machine = describeMachine();
const wanted = values.faults.split(',') as Fault[];

interface Run {
  on: Stand;
  fault: Fault;
  /** The metric that is meant to see it did. */
  isSeen: boolean;
  wentBack: boolean;
  wayBackMs: number;
}

const runs: Run[] = [];
for (const stand of values.on.split(',') as Stand[]) runs.push(...(await measure(stand)));
process.stdout.write(`${toMarkdown()}\n`);
if (values.out !== undefined)
  await writeFile(values.out, `${JSON.stringify({ version: 1, machine, runs }, null, 2)}\n`);

/** One site, the faults in turn. */
async function measure(on: Stand): Promise<Run[]> {
  const site = await CanarySite.make(on);
  const measured: Run[] = [];
  try {
    const { code, said } = await site.slipway('deploy', '--yes');
    if (code !== 0) throw new Error(said);
    for (let number = 0; number < Number(values.runs); number++) {
      const fault = wanted[number % wanted.length]!;
      const { outcome, metrics, wayBackMs, releaseAfter } = await goBadOn(site, fault);
      const wentBack = outcome.code === 3 && releaseAfter.every((release) => release === 'none');
      measured.push({ on, fault, isSeen: metrics.includes(FAULTS[fault]), wentBack, wayBackMs });
      console.error(`${on} ${number + 1}: ${fault} by ${metrics.join(', ')}, back after ${wayBackMs} ms`);
    }
  } finally {
    await site.remove();
  }
  return measured;
}

function toMarkdown(): string {
  const { at, cpu, cores, memoryGiB, system, node, load } = machine;
  const rows = [...new Set(runs.map(({ on }) => on))].map((on) => {
    const own = runs.filter((run) => run.on === on);
    const sorted = own.map((run) => run.wayBackMs).toSorted((a, b) => a - b);
    const rank = (per: number) => `${sorted[Math.max(0, Math.ceil((per / 100) * sorted.length) - 1)]} ms`;
    const count = (holds: (run: Run) => boolean) => `${own.filter(holds).length} of ${own.length}`;
    const cells = [on, count((run) => run.isSeen), count((run) => run.wentBack), rank(50), rank(90), rank(100)];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `${at}; ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}; load before ${load} a core; faults ${wanted.join(', ')}.`,
    '',
    '| | seen by its metric | back by itself | median | 90 of 100 | longest |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
