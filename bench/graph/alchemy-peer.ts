import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Operation, Peer } from './peer.ts';

const run = promisify(execFile);
const WANTED = '0.94';
/** Outside of the project, and kept: the next run finds it there. */
const HOME = join(tmpdir(), `slipway-bench-alchemy-${WANTED}`);

const PROGRAM = `import alchemy, { Resource } from 'alchemy';
import graph from './graph.json' with { type: 'json' };

const Value = Resource('bench::Value', async function (_id, props) {
  return this.phase === 'delete' ? this.destroy() : { label: props.label };
});
const app = await alchemy('bench', { phase: process.argv[2], stage: 'dev', quiet: true });
const values = new Map();
for (const { name, label, needs } of graph) {
  const labels = needs.map(async (need) => (await values.get(need)).label);
  values.set(name, Promise.all(labels).then((needs) => Value(name, { label, needs })));
}
await Promise.all(values.values());
await app.finalize();
`;

const PHASES: Partial<Record<Operation, string>> = { apply: 'up', noop: 'up', change: 'up', destroy: 'destroy' };

/** alchemy with a resource of our own that is in memory only. It has no plan: its no-op is an apply without changes. */
export const alchemyPeer: Peer = {
  name: 'alchemy',
  largest: { plan: 0, apply: 10_000 },

  async prepare() {
    const version = (await installedVersion()) ?? (await install());
    return version === undefined ? { missing: `npm could not install alchemy@${WANTED}` } : { version };
  },

  async write(folder, nodes) {
    await symlink(join(HOME, 'node_modules'), join(folder, 'node_modules')).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    await writeFile(join(folder, 'alchemy.run.js'), PROGRAM);
    await writeFile(join(folder, 'graph.json'), JSON.stringify(nodes));
  },

  command(operation, cwd) {
    const phase = PHASES[operation];
    if (phase === undefined) return undefined;
    const env = { ALCHEMY_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
    return { file: process.execPath, args: ['alchemy.run.js', phase], cwd, env };
  },
};

async function installedVersion(): Promise<string | undefined> {
  try {
    const text = await readFile(join(HOME, 'node_modules', 'alchemy', 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return undefined;
  }
}

async function install(): Promise<string | undefined> {
  await mkdir(HOME, { recursive: true });
  await writeFile(join(HOME, 'package.json'), '{ "private": true }\n');
  try {
    await run('npm', ['install', `alchemy@${WANTED}`, '--ignore-scripts', '--legacy-peer-deps'], { cwd: HOME });
  } catch {
    return undefined;
  }
  return await installedVersion();
}
