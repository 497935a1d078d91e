/**
 * Writes what is published of each package into its `dist`: a few bundled modules (one file loads faster than
 * a hundred) and the types. Running from the repository needs none of it, but the command line takes what was
 * built when it is there: remove the `dist` folders to work on sources again. `npm run build`.
 *
 * `--to FOLDER` leaves the repository as it is: FOLDER gets a folder for each package, ready for `npm pack`.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');

/** In order of dependence: types of one are made from the types of those before. */
const PACKAGES = [
  'core',
  'provider-local',
  'provider-docker',
  'provider-ssh',
  'provider-haproxy',
  'provider-metrics',
  'provider-testkit',
  'cli',
];

/** Modules that are started by their path, beside those that `exports` names. */
const STARTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'provider-local': { main: 'src/agent/main.ts' },
  cli: { main: 'src/main.ts' },
};

interface Manifest {
  name: string;
  files: string[];
  exports: Record<string, string | { 'slipway-source': string; types: string; default: string }>;
}

const manifests = new Map(
  PACKAGES.map((name) => {
    const text = readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8');
    return [name, JSON.parse(text) as Manifest];
  }),
);
const { to } = parseArgs({ options: { to: { type: 'string' } } }).values;
const target = (name: string) => (to === undefined ? join(ROOT, 'packages', name) : join(resolve(to), name));

for (const [name, manifest] of manifests) {
  const folder = target(name);
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (to !== undefined) copyRest(name, manifest, folder);
  await bundle(name, manifest, join(folder, 'dist'));
  writeTypes(name, folder);
}

/** What is published as it stands. */
function copyRest(name: string, { files }: Manifest, folder: string): void {
  const own = join(ROOT, 'packages', name);
  for (const file of ['package.json', 'README.md', ...files]) {
    if (existsSync(join(own, file)) && file !== 'dist')
      cpSync(join(own, file), join(folder, file), { recursive: true });
  }
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}

async function bundle(name: string, manifest: Manifest, dist: string): Promise<void> {
  const entries = Object.entries(entriesOf(name, manifest));
  const input = Object.fromEntries(entries.map(([output, file]) => [output, join(ROOT, 'packages', name, file)]));
  // Other packages stay imports: two copies of one class would be two classes.
  const build = await rolldown({ input, platform: 'node', external: /^[^./]/ });
  await build.write({ dir: dist, format: 'esm', chunkFileNames: '[name]-[hash].js' });
  await build.close();
}

/** Output name to source of everything that can be imported from a package or started. */
function entriesOf(name: string, manifest: Manifest): Record<string, string> {
  const exported = Object.values(manifest.exports).flatMap((one) => {
    if (typeof one === 'string') return [];
    const output = relative('dist', one.default).replace(/\.js$/, '');
    return [[output, one['slipway-source']] as const];
  });
  return { ...Object.fromEntries(exported), ...STARTED[name] };
}

function writeTypes(name: string, folder: string): void {
  const config = join(folder, 'tsconfig.build.json');
  const source = join(ROOT, 'packages', name, 'src');
  const options = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      customConditions: [],
      declaration: true,
      emitDeclarationOnly: true,
      noEmit: false,
      outDir: join(folder, 'dist'),
      rootDir: source,
      typeRoots: [join(ROOT, 'node_modules/@types')],
      paths: builtTypes(),
    },
    include: [source],
    exclude: [],
  };
  writeFileSync(config, JSON.stringify(options));
  try {
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', config], { stdio: 'inherit' });
  } finally {
    rmSync(config);
  }
}

/** Where the types of each package are, wherever they were built. */
function builtTypes(): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [name, manifest] of manifests) {
    for (const [path, one] of Object.entries(manifest.exports)) {
      if (typeof one !== 'string') found[manifest.name + path.slice(1)] = [join(target(name), one.types)];
    }
  }
  return found;
}
