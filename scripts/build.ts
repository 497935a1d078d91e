/**
 * Writes what is published of each package into its `dist`: a few bundled modules (one file loads faster than
 * a hundred) and the types. Running from the repository needs none of it, but the command line takes what was
 * built when it is there: remove the `dist` folders to work on sources again. `npm run build`.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');

/** In order of dependence: types of one are made from the types of those before. */
const PACKAGES = ['core', 'provider-local', 'provider-testkit', 'cli'];

/** Modules that are started by their path, beside those that `exports` names. */
const STARTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'provider-local': { main: 'src/agent/main.ts' },
  cli: { main: 'src/main.ts' },
};

interface Manifest {
  name: string;
  exports: Record<string, string | { 'slipway-source': string; default: string }>;
}

/** Output name to source of everything that can be imported from a package or started. */
function entriesOf(name: string, manifest: Manifest): Record<string, string> {
  const exported = Object.values(manifest.exports).flatMap((target) => {
    if (typeof target === 'string') return [];
    const output = relative('dist', target.default).replace(/\.js$/, '');
    return [[output, target['slipway-source']] as const];
  });
  return { ...Object.fromEntries(exported), ...STARTED[name] };
}

async function bundle(name: string, target: string): Promise<void> {
  const folder = join(ROOT, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const entries = entriesOf(name, manifest);
  const input = Object.fromEntries(Object.entries(entries).map(([output, file]) => [output, join(folder, file)]));
  // Other packages stay imports: two copies of one class would be two classes.
  const build = await rolldown({ input, platform: 'node', external: /^[^./]/ });
  await build.write({ dir: target, format: 'esm', chunkFileNames: '[name]-[hash].js' });
  await build.close();
}

function writeTypes(name: string, target: string): void {
  const config = join(ROOT, 'packages', name, 'tsconfig.build.json');
  const options = {
    extends: '../../tsconfig.json',
    compilerOptions: {
      customConditions: [],
      declaration: true,
      emitDeclarationOnly: true,
      noEmit: false,
      outDir: target,
      rootDir: 'src',
    },
    include: ['src'],
  };
  writeFileSync(config, JSON.stringify(options));
  try {
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', config], { stdio: 'inherit' });
  } finally {
    rmSync(config);
  }
}

for (const name of PACKAGES) {
  const target = join(ROOT, 'packages', name, 'dist');
  rmSync(target, { recursive: true, force: true });
  await bundle(name, target);
  writeTypes(name, target);
}
