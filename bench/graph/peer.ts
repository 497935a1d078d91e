import type { Command } from '../measure/measure-process.ts';
import type { DagNode } from './random-dag.ts';

/**
 * `plan`: the first, before anything exists. `apply`: of everything. `noop`: a plan when nothing changed.
 * `change`: applying a change of one node that nothing needs. `destroy`: of everything. Each from a cold start.
 */
export const OPERATIONS = ['plan', 'apply', 'noop', 'change', 'destroy'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** A tool that is measured. */
export interface Peer {
  readonly name: string;
  /** Makes it ready. Its version, or why it can't be measured here. */
  prepare(): Promise<{ version: string } | { missing: string }>;
  /** The largest graph that it gets through in minutes, by operation; those after `apply` need `apply`. */
  readonly largest: { plan: number; apply: number };
  /** Writes the project, or writes it anew over what is there. */
  write(folder: string, nodes: readonly DagNode[]): Promise<void>;
  /** Undefined when the tool has no such thing. */
  command(operation: Operation, folder: string): Command | undefined;
}
