import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installSlipway } from '../measure/install-slipway.ts';
import type { Operation, Peer } from './peer.ts';

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

let binary = '';

/** This Slipway, as a user has it: the command line, packed and installed, with its durable journal. */
export const slipwayPeer: Peer = {
  name: 'slipway',
  largest: { plan: 100_000, apply: 100_000 },

  async prepare() {
    const installed = await installSlipway();
    binary = installed.binary;
    return { version: installed.version };
  },

  async write(folder, nodes) {
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    await writeFile(join(folder, 'slipway.config.ts'), CONFIG);
    await writeFile(join(folder, 'graph.json'), JSON.stringify(nodes));
  },

  command: (operation, cwd) => ({
    file: process.execPath,
    args: [binary, ...ARGS[operation]],
    cwd,
  }),
};
