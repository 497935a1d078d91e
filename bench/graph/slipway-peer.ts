import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Operation, Peer } from './peer.ts';

const CLI = join(import.meta.dirname, '..', '..', 'packages', 'cli');

const CONFIG = `import graph from './graph.json' with { type: 'json' };

export default {
  name: 'bench',
  environments: { dev: { platform: 'local' } },
  resources: Object.fromEntries(
    graph.map(({ name, label, needs }) => [
      name,
      { type: 'core:value', input: { label, needs: needs.map((need) => \`\\\${resource:\${need}.value.label}\`) } },
    ]),
  ),
};
`;

const ARGS: Record<Operation, string[]> = {
  plan: ['plan'],
  apply: ['deploy', '--yes'],
  noop: ['plan'],
  change: ['deploy', '--yes'],
  destroy: ['destroy', '--yes'],
};

/** This Slipway, as a user runs it: the command line, with its durable journal. After `npm run build`, as installed. */
export const slipwayPeer: Peer = {
  name: 'slipway',
  largest: { plan: 100_000, apply: 100_000 },

  async prepare() {
    const { version } = JSON.parse(await readFile(join(CLI, 'package.json'), 'utf8')) as { version: string };
    const how = existsSync(join(CLI, 'dist', 'main.js')) ? 'as installed' : 'from source';
    return { version: `${version}, ${how}` };
  },

  async write(folder, nodes) {
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    await writeFile(join(folder, 'slipway.config.ts'), CONFIG);
    await writeFile(join(folder, 'graph.json'), JSON.stringify(nodes));
  },

  command: (operation, cwd) => ({
    file: process.execPath,
    args: [join(CLI, 'bin', 'slipway.js'), ...ARGS[operation]],
    cwd,
  }),
};
