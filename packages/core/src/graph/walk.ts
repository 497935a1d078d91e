import type { EdgeList } from './edge-list.ts';

/** A path of nodes along outgoing edges that returns to its first node (repeated at the end), if there is one. */
export function findCycle(edges: EdgeList, nodes: number): number[] | undefined {
  const onPath = new Uint8Array(nodes);
  const finished = new Uint8Array(nodes);
  const path: number[] = [];
  const pending: number[] = [];
  for (let root = 0; root < nodes; root++) {
    if (finished[root]) continue;
    path.push(root);
    pending.push(edges.firstOut(root));
    onPath[root] = 1;
    while (path.length > 0) {
      const edge = pending.at(-1)!;
      if (edge < 0) {
        const node = path.pop()!;
        pending.pop();
        onPath[node] = 0;
        finished[node] = 1;
        continue;
      }
      pending[pending.length - 1] = edges.nextOut(edge);
      const next = edges.target(edge);
      if (onPath[next]) return [...path.slice(path.indexOf(next)), next];
      if (finished[next]) continue;
      path.push(next);
      pending.push(edges.firstOut(next));
      onPath[next] = 1;
    }
  }
  return undefined;
}

/** The longest path to each node along its outgoing edges, counted in nodes; undefined when there is a cycle. */
export function levels(edges: EdgeList, nodes: number): Int32Array | undefined {
  const open = new Int32Array(nodes);
  const queue = new Int32Array(nodes);
  let end = 0;
  for (let node = 0; node < nodes; node++) {
    for (let e = edges.firstOut(node); e >= 0; e = edges.nextOut(e)) open[node]!++;
    if (open[node] === 0) queue[end++] = node;
  }
  const level = new Int32Array(nodes).fill(1);
  for (let at = 0; at < end; at++) {
    const node = queue[at]!;
    for (let e = edges.firstIn(node); e >= 0; e = edges.nextIn(e)) {
      const dependent = edges.source(e);
      level[dependent] = Math.max(level[dependent]!, level[node]! + 1);
      if (--open[dependent]! === 0) queue[end++] = dependent;
    }
  }
  return end === nodes ? level : undefined;
}
