import { stringify } from 'yaml';
import type { Finding } from './finding.ts';

export type ConfigFormat = 'typescript' | 'yaml';

export const fileOf: Record<ConfigFormat, string> = { typescript: 'slipway.config.ts', yaml: 'slipway.yaml' };

type Plain = string | number | boolean | Plain[] | { [key: string]: Plain };

/**
 * The text of a first config. Without services it declares one file, so that the first deployment does
 * something. `schema`: where editors find the JSON Schema, for YAML.
 */
export function writeConfig({ name, services }: Finding, format: ConfigFormat, schema?: string): string {
  const nothing = Object.keys(services).length === 0;
  const config = {
    name,
    environments: { dev: { platform: 'local', onFailure: 'rollback' } },
    ...(nothing
      ? { resources: { hello: { type: 'local:file', path: 'hello.txt', content: 'Hello from Slipway.\n' } } }
      : { services: services as unknown as Plain }),
  };
  return format === 'yaml' ? writeYaml(config, schema) : writeTypeScript(config);
}

function writeYaml(config: Plain, schema: string | undefined): string {
  const modeline = schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`;
  return `${modeline}# What Slipway deploys. Check it with: slipway validate\n${stringify(config, { lineWidth: 0 })}`;
}

function writeTypeScript(config: Plain): string {
  return [
    "import { defineProject } from 'slipway';",
    '',
    '// What Slipway deploys. Check it with: slipway validate',
    `export default defineProject(${literal(config, '')});`,
    '',
  ].join('\n');
}

function literal(value: Plain, indent: string): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, indent)).join(', ')}]`;
  const inner = `${indent}  `;
  const members = Object.entries(value).map(([key, member]) => `${inner}${keyText(key)}: ${literal(member, inner)},`);
  return members.length === 0 ? '{}' : `{\n${members.join('\n')}\n${indent}}`;
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}

function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped}'`;
}
