/**
 * Writes what is made of the config schema: the JSON Schema for editors, the types behind `defineProject`
 * and the reference page. `npm run reference` after every change of the schema or of a resource type;
 * with `--print` it writes nothing and prints the files as JSON.
 */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { defaultRegistry } from '../packages/cli/src/providers.ts';
import type { ResourceType } from '../packages/core/src/provider/contract.ts';
import type { ProviderRegistry } from '../packages/core/src/provider/registry.ts';
import { buildJsonSchema } from './reference/json-schema.ts';
import { writePage } from './reference/page.ts';
import { writeTypes } from './reference/types.ts';

const ROOT = join(import.meta.dirname, '..');

/** Every generated file's content, by path relative to the repository. */
async function generateReference(registry: ProviderRegistry): Promise<Record<string, string>> {
  const types = await resourceTypes(registry);
  const schema = buildJsonSchema(types);
  return {
    'packages/core/schema/slipway.schema.json': format('schema.json', JSON.stringify(schema)),
    'packages/core/src/config/project-input.ts': format('types.ts', writeTypes()),
    'docs/reference/config.md': await writePage(schema, types),
  };
}

/** As the repository's formatter wants it, so that formatting never makes a generated file differ. */
function format(name: string, content: string): string {
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  return execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${name}`], {
    cwd: ROOT,
    input: content,
    encoding: 'utf8',
  });
}

async function resourceTypes(registry: ProviderRegistry): Promise<ResourceType[]> {
  const providers = await Promise.all(registry.names.map((name) => registry.provider(name)));
  return providers.flatMap((provider) => provider?.resourceTypes ?? []).sort((a, b) => (a.name < b.name ? -1 : 1));
}

const generated = await generateReference(defaultRegistry());
if (argv.includes('--print')) process.stdout.write(JSON.stringify(generated));
else for (const [path, content] of Object.entries(generated)) await writeFile(join(ROOT, path), content);
