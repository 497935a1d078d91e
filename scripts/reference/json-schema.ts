import { z } from 'zod';
import { projectSchema } from '../../packages/core/src/config/schema/project.ts';
import { resourceShape } from '../../packages/core/src/config/schema/resource.ts';
import type { ResourceType } from '../../packages/core/src/provider/contract.ts';

/** The parts of a JSON Schema (draft 7, the newest that YAML editors fully know) that come up here. */
export interface Schema {
  $schema?: string;
  $id?: string;
  $ref?: string;
  title?: string;
  description?: string;
  default?: unknown;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  propertyNames?: Schema;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  allOf?: Schema[];
  if?: Schema;
  then?: Schema;
  definitions?: Record<string, Schema>;
}

/** Computed, since nobody should mistake the schema's keyword for a promise's method. */
const THEN = 'then';
const REFERENCE: Schema = { type: 'string', pattern: '\\$\\{' };

/** The schema as it is declared, without resource types. */
export function projectJsonSchema(): Schema & { definitions: Record<string, Schema> } {
  const schema = convert(projectSchema);
  for (const [name, definition] of Object.entries(schema.definitions)) {
    if (name.endsWith('Override')) forgetDefaults(definition);
  }
  return schema;
}

/** What editors get: with the properties of all resource types. */
export function buildJsonSchema(types: readonly ResourceType[]): Schema & { definitions: Record<string, Schema> } {
  const schema = projectJsonSchema();
  const { Project, Resource, ResourceOverride } = schema.definitions;
  // A file that others extend has no name; whether there is one in the end is seen when all are merged.
  delete Project?.required;
  const conditions: Schema[] = [];
  for (const type of types) {
    const { definitions, ...converted } = convert(type.schema);
    const prefix = `${type.name}.`;
    const own = JSON.parse(
      JSON.stringify({ converted, definitions }).replaceAll('#/definitions/', `#/definitions/${prefix}`),
    );
    for (const [name, definition] of Object.entries(own.definitions ?? {})) {
      schema.definitions[prefix + name] = definition as Schema;
    }
    conditions.push(whenType(type.name, own.converted));
  }
  for (const definition of [Resource, ResourceOverride]) if (definition) definition.allOf = conditions;
  return schema;
}

/** The JSON Schema of one resource type's properties. */
export function propertiesSchema(type: ResourceType): Schema {
  return convert(type.schema);
}

function convert(schema: z.ZodType): Schema & { definitions: Record<string, Schema> } {
  const converted = z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' }) as Schema;
  return { ...converted, definitions: converted.definitions ?? {} };
}

function whenType(name: string, { properties = {}, additionalProperties }: Schema): Schema {
  const known = [...Object.keys(resourceShape), ...Object.keys(properties)];
  const open = additionalProperties !== false;
  return {
    if: { properties: { type: { const: name } }, required: ['type'] },
    [THEN]: {
      properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, orReference(value)])),
      ...(open ? {} : { propertyNames: { enum: known } }),
    },
  };
}

/** Wherever a type wants a number, a list and so on, a string with a reference to one may stand. */
function orReference(schema: Schema): Schema {
  const { description, default: byDefault, ...rest } = schema;
  const isOpen = Object.keys(rest).length === 0 || rest.$ref !== undefined || rest.allOf !== undefined;
  if (isOpen || (rest.type === 'string' && !rest.enum && !rest.pattern)) return schema;
  return {
    ...(description === undefined ? {} : { description }),
    ...(byDefault === undefined ? {} : { default: byDefault }),
    anyOf: [rest, REFERENCE],
  };
}

/** What an environment leaves out is not the default but what the declaration says. */
function forgetDefaults(schema: Schema): void {
  delete schema.default;
  for (const part of [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])]) {
    forgetDefaults(part);
  }
}
