import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResourceType } from '../../packages/core/src/provider/contract.ts';
import { propertiesSchema, type Schema } from './json-schema.ts';

const HEADINGS: Record<string, string> = { Project: 'Top level', BlueGreen: 'Blue-green', CanaryStep: 'Canary step' };

/** The reference page: the prose of `page.md`, then a table for every part of the schema and every resource type. */
export async function writePage(
  schema: Schema & { definitions: Record<string, Schema> },
  types: readonly ResourceType[],
): Promise<string> {
  const prose = await readFile(join(import.meta.dirname, 'page.md'), 'utf8');
  const keys = Object.entries(schema.definitions)
    .filter(([name]) => !name.includes('.') && !name.endsWith('Override'))
    .map(([name, definition]) => section(`## ${headingOf(name)}`, definition.description, definition));
  const kinds = types.map((type) => {
    const properties = propertiesSchema(type);
    return section(`### ${type.name}`, type.description, properties);
  });
  return prose
    .replace('<!-- keys -->\n', () => `${keys.join('\n')}\n`)
    .replace('<!-- types -->\n', () => kinds.join('\n'));
}

function section(heading: string, description: string | undefined, schema: Schema): string {
  const rows = rowsOf(schema, '');
  const table = rows.length === 0 ? [] : ['| key | value | default | |', '|---|---|---|---|', ...rows, ''];
  return [heading, '', ...(description ? [description, ''] : []), ...table].join('\n');
}

function rowsOf(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, member]) => {
    const required = schema.required?.includes(key) || (prefix === '' && key === 'name' && schema.title !== undefined);
    const byDefault =
      member.default === undefined ? (required ? '*required*' : '') : `\`${JSON.stringify(member.default)}\``;
    const cells = [`\`${prefix}${key}\``, wordsFor(member), byDefault, member.description ?? ''];
    const row = `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
    const inner = member.items?.properties
      ? { schema: member.items, path: `${key}[].` }
      : { schema: member, path: `${key}.` };
    return [row, ...rowsOf(inner.schema, `${prefix}${inner.path}`)];
  });
}

/** What may stand there, in a few words. */
function wordsFor(schema: Schema): string {
  // Without a name of its own it is a part that refers to itself: any JSON.
  if (schema.$ref?.includes('__schema')) return 'anything';
  if (schema.$ref) return linkTo(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1));
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  const alternatives = schema.anyOf ?? schema.allOf;
  if (alternatives) return [...new Set(alternatives.filter((part) => !isTextForm(part)).map(wordsFor))].join(' or ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => wordsFor({ type })).join(', ');
  if (schema.pattern?.includes('ms|s|m|h|d')) return 'duration';
  switch (schema.type) {
    case 'string':
      return 'text';
    case 'integer':
      return `whole number${rangeOf(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `list of ${wordsFor(schema.items ?? {})}`;
    case 'object':
      return objectOf(schema);
    default:
      return schema.type ?? 'anything';
  }
}

function objectOf(schema: Schema): string {
  if (schema.properties) return 'mapping';
  const values = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  return `mapping of names to ${wordsFor(values)}`;
}

/** The string that a number or boolean may also be written as, for the sake of variables, goes without saying. */
function isTextForm(schema: Schema): boolean {
  return schema.type === 'string' && (schema.pattern?.includes('\\$\\{') ?? false) && !schema.pattern?.includes('ms|');
}

function rangeOf({ minimum, maximum }: Schema): string {
  return minimum === undefined || maximum === undefined ? '' : `, ${minimum} to ${maximum}`;
}

function linkTo(name: string): string {
  if (name.endsWith('Override')) return linkTo(name.slice(0, -'Override'.length));
  const heading = headingOf(name);
  return `[${heading.toLowerCase()}](#${heading.toLowerCase().replaceAll(' ', '-')})`;
}

function headingOf(name: string): string {
  return HEADINGS[name] ?? name;
}
