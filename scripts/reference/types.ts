import { projectJsonSchema, type Schema } from './json-schema.ts';

/**
 * The TypeScript types of a config as people write it, with a doc comment on every key. Made from the
 * schema's JSON form and not by inference, so that a config file needs neither zod's types nor their time.
 */
export function writeTypes(): string {
  const { definitions } = projectJsonSchema();
  const names = Object.keys(definitions);
  const declarations = names.map((name) => declare(name, definitions[name] ?? {}));
  return [
    '// Written by scripts/reference.ts from the config schema: change that, then run npm run reference.\n',
    ...declarations,
  ].join('\n');
}

function declare(name: string, schema: Schema): string {
  const members = membersOf(schema, '  ');
  const doc = comment(schema, '');
  // Biome's way: an interface without members says "anything"; an empty object has no keys.
  if (members.length === 0) return `${doc}export type ${typeName(name)} = Record<string, never>;\n`;
  return `${doc}export interface ${typeName(name)} {\n${members.join('')}}\n`;
}

function membersOf(schema: Schema, indent: string): string[] {
  const required = new Set(schema.required);
  const members = Object.entries(schema.properties ?? {}).map(([key, member]) => {
    const type = typeOf(member, indent);
    const optional = !required.has(key);
    return `${comment(member, indent)}${indent}${keyOf(key)}${optional ? '?' : ''}: ${type}${optional ? ' | undefined' : ''};\n`;
  });
  if (schema.properties && isOpen(schema)) members.push(`${indent}[property: string]: unknown;\n`);
  return members;
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.$ref) return typeName(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1));
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  const alternatives = schema.anyOf ?? schema.allOf;
  if (alternatives) return [...new Set(alternatives.map((part) => typeOf(part, indent)))].join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type }, indent)).join(' | ');
  switch (schema.type) {
    case 'integer':
      return 'number';
    case 'array':
      return listOf(typeOf(schema.items ?? {}, indent));
    case 'object':
      return objectType(schema, indent);
    case undefined:
      return 'unknown';
    default:
      return schema.type;
  }
}

function objectType(schema: Schema, indent: string): string {
  if (schema.properties) return `{\n${membersOf(schema, `${indent}  `).join('')}${indent}}`;
  const values = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  return `Record<string, ${typeOf(values, indent)}>`;
}

function isOpen(schema: Schema): boolean {
  return schema.additionalProperties !== false && schema.additionalProperties !== undefined;
}

function listOf(item: string): string {
  return /[|{\n]/.test(item) ? `Array<${item}>` : `${item}[]`;
}

function comment(schema: Schema, indent: string): string {
  const description = schema.description ?? '';
  const byDefault = schema.default === undefined ? '' : ` Default: \`${JSON.stringify(schema.default)}\`.`;
  const text = `${description}${byDefault}`.trim();
  return text === '' ? '' : `${indent}/** ${text} */\n`;
}

const typeName = (name: string) => `${name}Input`;
const keyOf = (key: string) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : literal(key));
const literal = (value: unknown) =>
  typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value);
