/**
 * What a new version costs its users: two redeployments of one service under load, by Slipway on Docker behind HAProxy,
 * by `docker-compose up -d`, and by an nginx reload, on the same images. Needs root for nothing, a running Docker
 * engine with `node:26-slim`, wrk, and what the peers need; those that aren't there are skipped by name.
 *
 * Usage: node bench/rollout.ts [--peers slipway,docker-compose,nginx reload] [--rounds 3] [--seconds 5] [--out FILE]
 * `--seconds`: of load before, between and after the redeployments. Progress goes to stderr, Markdown to stdout.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from './measure/machine.ts';
import { composePeer } from './rollout/compose-peer.ts';
import { buildImages } from './rollout/images.ts';
import { LoadOn } from './rollout/load.ts';
import { nginxPeer } from './rollout/nginx-peer.ts';
import type { RolloutPeer, Site } from './rollout/peer.ts';
import { type Phases, type Round, toMarkdown } from './rollout/results.ts';
import { slipwayPeer } from './rollout/slipway-peer.ts';

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: 'slipway,docker-compose,nginx reload' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    out: { type: 'string' },
  },
});
const quietMs = Number(values.seconds) * 1_000;
const machine = describeMachine();
const image = await buildImages();
const wanted = values.peers.split(',');
const found: Record<string, { version: string } | { missing: string }> = {};
const peers: RolloutPeer[] = [];
for (const peer of [slipwayPeer, composePeer, nginxPeer]) {
  if (!wanted.includes(peer.name)) continue;
  const state = await peer.prepare();
  found[peer.name] = state;
  if ('version' in state) peers.push(peer);
  else console.error(`${peer.name} is skipped: ${state.missing}`);
}

const rounds: Round[] = [];
// Round by round, each in turn, so that a machine that becomes slower does so for all.
for (let number = 1; number <= Number(values.rounds); number++) {
  for (const peer of peers) {
    const round = await measure(peer);
    console.error(`${peer.name}, round ${number}: ${round.failed} of ${round.requests} failed`);
    rounds.push(round);
  }
}
const report = { version: 1 as const, machine, peers: found, rounds };
process.stdout.write(`${toMarkdown(report)}\n`);
if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(report, null, 2)}\n`);

async function measure(peer: RolloutPeer): Promise<Round> {
  const site: Site = { folder: await mkdtemp(join(tmpdir(), 'slipway-bench-')), port: await freePort(), image };
  try {
    await peer.start(site);
    const load = new LoadOn(`http://127.0.0.1:${site.port}/`);
    const deployments: { from: number; to: number }[] = [];
    await pass(quietMs);
    for (const version of ['v2', 'v1'] as const) {
      const from = performance.now();
      await peer.deploy(site, version);
      deployments.push({ from, to: performance.now() });
      await pass(quietMs);
    }
    const { samples, requests, failed } = await load.stop();
    const phaseOf = (at: number): keyof Phases => {
      if (at < deployments[0]!.from) return 'before';
      return deployments.some(({ from, to }) => at >= from && at < to) ? 'during' : 'after';
    };
    const phases: Phases = { before: [], during: [], after: [] };
    for (const { at, ms } of samples) phases[phaseOf(at)].push(ms);
    const durations = deployments.map(({ from, to }) => to - from);
    return { peer: peer.name, requests, failed, durations, phases };
  } finally {
    await peer.stop(site);
    await rm(site.folder, { recursive: true, force: true });
  }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
