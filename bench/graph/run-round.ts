import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cost, measureProcess } from '../measure/measure-process.ts';
import { OPERATIONS, type Operation, type Peer } from './peer.ts';
import { type DagNode, withOneChange } from './random-dag.ts';

/** What each operation cost in one life of a project, from nothing to nothing; `failure`: where that ended early. */
export interface Round {
  costs: Partial<Record<Operation, Cost>>;
  failure?: string;
}

/** Leads a tool once through everything that it can do with a graph of this size, in a folder of its own. */
export async function runRound(peer: Peer, nodes: readonly DagNode[], timeoutMs: number): Promise<Round> {
  const folder = await mkdtemp(join(tmpdir(), `slipway-bench-${peer.name}-`));
  const costs: Round['costs'] = {};
  try {
    await peer.write(folder, nodes);
    for (const operation of OPERATIONS) {
      const command = peer.command(operation, folder);
      if (command === undefined || nodes.length > largestFor(peer, operation)) continue;
      if (operation === 'change') await peer.write(folder, withOneChange(nodes));
      try {
        costs[operation] = await measureProcess({ ...command, timeoutMs });
      } catch (error) {
        return { costs, failure: `${operation}: ${error instanceof Error ? error.message : String(error)}` };
      }
    }
    return { costs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Everything but the first plan needs that it was applied. */
export function largestFor({ largest }: Peer, operation: Operation): number {
  return operation === 'plan' ? largest.plan : largest.apply;
}
