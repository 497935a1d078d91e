import type { SlipwayApi } from '@slipway/core';

type Graph = Awaited<ReturnType<SlipwayApi['graph']>>;

/** The graph as text for other tools. An edge points from a node to what it depends on. */
export function renderGraph(graph: Graph, format: 'mermaid' | 'dot' | 'json'): string {
  if (format === 'json') return JSON.stringify({ version: 1, ...graph }, null, 2);
  return (format === 'dot' ? renderDot(graph) : renderMermaid(graph)).join('\n');
}

function renderMermaid({ nodes, edges }: Graph): string[] {
  const ids = new Map(nodes.map(({ address }, index) => [address as string, `n${index}`]));
  const id = (address: string) => ids.get(address) ?? address;
  return [
    'flowchart TD',
    ...nodes.map(({ address, type }) => {
      const label = `"${address}<br/>${type}"`;
      return `  ${id(address)}${address.startsWith('service:') ? `(${label})` : `[${label}]`}`;
    }),
    ...edges.map(({ from, to }) => `  ${id(from)} --> ${id(to)}`),
    ...['classDef declared stroke-dasharray: 4', 'classDef recorded stroke:#c00'].map((line) => `  ${line}`),
    ...nodes.filter(({ state }) => state !== 'both').map(({ address, state }) => `  class ${id(address)} ${state}`),
  ];
}

function renderDot({ nodes, edges }: Graph): string[] {
  const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const style = { declared: ', style=dashed', recorded: ', color=red', both: '' };
  return [
    'digraph slipway {',
    '  rankdir=TB;',
    ...nodes.map(({ address, type, state }) => {
      const shape = address.startsWith('service:') ? 'ellipse' : 'box';
      return `  ${quote(address)} [label=${quote(address)}, tooltip=${quote(type)}, shape=${shape}${style[state]}];`;
    }),
    ...edges.map(({ from, to }) => `  ${quote(from)} -> ${quote(to)};`),
    '}',
  ];
}
