import type { Address } from '../address.ts';
import type { SlipwayApi } from '../slipway-api.ts';
import type { Workspace } from './workspace.ts';

type GraphView = Awaited<ReturnType<SlipwayApi['graph']>>;

/** What is declared and what is recorded, as one graph. */
export async function showGraph(workspace: Workspace): Promise<GraphView> {
  const project = await workspace.project();
  const state = await workspace.store.state(project.environment.name);
  const nodes = new Map<Address, GraphView['nodes'][number]>();
  const edges = new Map<string, { from: Address; to: Address }>();
  const connect = (from: Address, needs: readonly Address[]) => {
    for (const to of needs) edges.set(`${from} ${to}`, { from, to });
  };
  for (const [address, record] of state) {
    nodes.set(address, { address, type: record.kind === 'resource' ? record.type : 'service', state: 'recorded' });
    connect(address, record.dependsOn);
  }
  for (const node of [...project.resources, ...project.services]) {
    const { address } = node;
    nodes.set(address, {
      address,
      type: 'type' in node ? node.type : 'service',
      state: state.has(address) ? 'both' : 'declared',
    });
    connect(address, node.dependsOn);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}
