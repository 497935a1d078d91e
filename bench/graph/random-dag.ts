import { between } from '../../tests/random.ts';

/** `groups`: independent groups of 50 nodes in 5 layers. `deep`: one graph of 20 layers. */
export type Shape = 'groups' | 'deep';

/** A node and the names of those that it needs. */
export interface DagNode {
  name: string;
  /** What a change changes. */
  label: string;
  needs: string[];
}

const GROUP_SIZE = 50;
const LAYERS: Record<Shape, number> = { groups: 5, deep: 20 };

/**
 * A random graph of so many nodes, needs before dependents: every node below a first layer needs 2 or 3 of
 * the layer above. Equal random numbers, equal graph.
 */
export function randomDag(shape: Shape, size: number, random: () => number): DagNode[] {
  const nodes: DagNode[] = [];
  const part = shape === 'groups' ? GROUP_SIZE : size;
  for (let first = 0; first < size; first += part) {
    nodes.push(...layered(first, Math.min(part, size - first), LAYERS[shape], random));
  }
  return nodes;
}

/** The same graph with one node changed that nothing needs, so that every tool has exactly one update to make. */
export function withOneChange(nodes: readonly DagNode[]): DagNode[] {
  const needed = new Set(nodes.flatMap((node) => node.needs));
  const changed = nodes.findLast((node) => !needed.has(node.name))!;
  return nodes.map((node) => (node === changed ? { ...node, label: `${node.label}-changed` } : node));
}

function layered(first: number, size: number, layers: number, random: () => number): DagNode[] {
  const width = Math.ceil(size / layers);
  return Array.from({ length: size }, (_, at) => {
    const layer = Math.floor(at / width);
    const above = first + (layer - 1) * width;
    const needs = layer === 0 ? [] : someOf(above, width, between(random, 2, 3), random);
    const name = `n${first + at}`;
    return { name, label: `label-of-${name}`, needs: needs.map((need) => `n${need}`) };
  });
}

/** So many different ones of `width` numbers from `first` on. */
function someOf(first: number, width: number, count: number, random: () => number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, width)) chosen.add(first + between(random, 0, width - 1));
  return [...chosen];
}
