import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cost, measureProcess } from '../measure/measure-process.ts';
import { OPERATIONS, type Operation, type Peer } from './peer.ts';
import { type DagNode, withOneChange } from './random-dag.ts';

/** What each operation cost in one life of a project, from nothing to nothing. */
export type Round = Partial<Record<Operation, Cost>>;

/** Leads a tool once through everything that it can do with a graph of this size, in a folder of its own. */
export async function runRound(peer: Peer, nodes: readonly DagNode[]): Promise<Round> {
  const folder = await mkdtemp(join(tmpdir(), `slipway-bench-${peer.name}-`));
  const round: Round = {};
  try {
    await peer.write(folder, nodes);
    for (const operation of OPERATIONS) {
      const command = peer.command(operation, folder);
      if (command === undefined || nodes.length > largestFor(peer, operation)) continue;
      if (operation === 'change') await peer.write(folder, withOneChange(nodes));
      round[operation] = await measureProcess(command);
    }
    return round;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Everything but the first plan needs that it was applied. */
export function largestFor({ largest }: Peer, operation: Operation): number {
  return operation === 'plan' ? largest.plan : largest.apply;
}
