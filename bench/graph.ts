/**
 * What planning and applying graphs of thousands of resources costs, beside the tools that do the same.
 * Seeded random graphs are written as a project for each tool; each operation is a process of its own,
 * measured from outside. Tools that aren't installed are skipped by name. Needs GNU time.
 *
 * Usage: node bench/graph.ts [--sizes 1000,10000] [--shapes groups,deep] [--peers slipway,terraform,alchemy]
 *        [--rounds 5] [--budget 300] [--timeout 900] [--seed 1] [--out FILE]
 * `--budget`: seconds; a tool that has used them up on one graph gets no further round on it.
 * `--timeout`: seconds; an operation that takes longer is killed, and noted.
 * Progress goes to stderr, Markdown to stdout, JSON into FILE.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { seeded } from '../tests/random.ts';
import { alchemyPeer } from './graph/alchemy-peer.ts';
import { OPERATIONS, type Peer } from './graph/peer.ts';
import { randomDag, type Shape } from './graph/random-dag.ts';
import { type GraphReport, type Result, summarizeRounds, toMarkdown } from './graph/results.ts';
import { largestFor, type Round, runRound } from './graph/run-round.ts';
import { slipwayPeer } from './graph/slipway-peer.ts';
import { terraformPeer } from './graph/terraform-peer.ts';
import { describeMachine } from './measure/machine.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,10000' },
    shapes: { type: 'string', default: 'groups,deep' },
    peers: { type: 'string', default: 'slipway,terraform,alchemy' },
    rounds: { type: 'string', default: '5' },
    budget: { type: 'string', default: '300' },
    timeout: { type: 'string', default: '900' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});

const machine = describeMachine();
const wanted = values.peers.split(',');
const peers: Peer[] = [];
const found: GraphReport['peers'] = {};
for (const peer of [slipwayPeer, terraformPeer, alchemyPeer]) {
  if (!wanted.includes(peer.name)) continue;
  const state = await peer.prepare();
  found[peer.name] = state;
  if ('version' in state) peers.push(peer);
  else console.error(`${peer.name} is skipped: ${state.missing}`);
}

const results: Result[] = [];
const notes: string[] = [];
for (const size of values.sizes.split(',').map(Number)) {
  for (const shape of values.shapes.split(',') as Shape[]) results.push(...(await measureGraph(shape, size)));
}
const report: GraphReport = { version: 1, machine, seed: Number(values.seed), peers: found, results, notes };
process.stdout.write(`${toMarkdown(report)}\n`);
if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(report, null, 2)}\n`);

/** Round by round, each tool in turn, so that a machine that becomes slower does so for all. */
async function measureGraph(shape: Shape, size: number): Promise<Result[]> {
  const nodes = randomDag(shape, size, seeded(Number(values.seed)));
  const rounds = new Map<Peer, Round[]>();
  const spent = new Map<Peer, number>();
  const failed = new Set<Peer>();
  for (let number = 1; number <= Number(values.rounds); number++) {
    for (const peer of peers) {
      const able = OPERATIONS.some((operation) => size <= largestFor(peer, operation));
      const used = spent.get(peer) ?? 0;
      if (!able || failed.has(peer) || used > Number(values.budget) * 1_000) continue;
      const startedAt = performance.now();
      const round = await runRound(peer, nodes, Number(values.timeout) * 1_000);
      rounds.set(peer, [...(rounds.get(peer) ?? []), round]);
      if (round.failure !== undefined) {
        failed.add(peer);
        notes.push(`${peer.name}, ${shape} ${size}, ${round.failure}`);
        console.error(notes.at(-1));
      }
      const tookMs = performance.now() - startedAt;
      spent.set(peer, used + tookMs);
      console.error(`${shape} ${size}, ${peer.name}, round ${number}: ${(tookMs / 1_000).toFixed(1)} s`);
    }
  }
  return peers.flatMap((peer) => summarizeRounds({ shape, size, peer: peer.name }, rounds.get(peer) ?? []));
}
