import { type Command, Option } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

type Format = 'mermaid' | 'dot' | 'json';

export function define(command: Command): void {
  command
    .addOption(
      new Option('--format <format>', 'how to write it (default: mermaid)').choices(['mermaid', 'dot', 'json']),
    )
    .action(
      perform<[], { format?: Format }>(async (session, _, { format = 'mermaid' }) => {
        const { renderGraph } = await import('../render/graph.ts');
        const graph = await (await session.open()).graph();
        if (session.output.mode === 'json') session.output.document(graph);
        else session.output.say(renderGraph(graph, format));
        return exitCode.done;
      }),
    );
}
