import { resourceAddress } from '../../address.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { check, checkValue } from '../check.ts';
import { parseDuration } from '../duration.ts';
import { unknownKeyHint } from '../explain.ts';
import { type Path, quote } from '../problem.ts';
import type { ResourceDeclaration } from '../project.ts';
import { unescapeReferences } from '../references.ts';
import { resourceMetaSchema, resourceShape } from '../schema/resource.ts';
import { isTrue, refuseRunTimeReferences, type Scope, toTexts } from './scope.ts';

const META_KEYS = new Set(Object.keys(resourceShape));

/** Validates one resource; undefined when something is wrong with it, which is in the scope's findings then. */
export function readResource(name: string, raw: JsonObject, scope: Scope): ResourceDeclaration | undefined {
  const path = ['resources', name];
  const { meta, properties, at } = split(scope.interpolation.apply(raw, path), path, scope);
  const checked = check(resourceMetaSchema, meta, path, scope.findings);
  const settings = meta.properties === undefined ? meta : { ...meta, properties: null };
  refuseRunTimeReferences(settings, path, 'only properties can refer to secrets and to other nodes', scope.findings);
  if (typeof meta.type === 'string') checkProperties(meta.type, properties, at, path, scope);
  const declared = checked.values.dependsOn ?? [];
  const dependsOn = scope.names.dependencies(declared, { content: properties, at }, path, scope.findings);
  if (!checked.whole) return undefined;
  const { values } = checked;
  return {
    address: resourceAddress(name),
    name,
    type: values.type,
    properties,
    dependsOn,
    tags: unescapeReferences(toTexts(values.tags)) as Record<string, string>,
    protect: isTrue(values.protect),
    replace: values.replace,
    ...(values.timeout === undefined ? {} : { timeoutMs: parseDuration(values.timeout)! }),
    ...(values.retries === undefined ? {} : { retries: Number(values.retries) }),
  };
}

/** Takes apart what Slipway understands and what the type does; `at` says where a property is written. */
function split(node: JsonObject, path: Path, scope: Scope) {
  const meta: JsonObject = {};
  const properties: JsonObject = {};
  for (const key of Object.keys(node)) {
    if (META_KEYS.has(key)) meta[key] = node[key]!;
    else properties[key] = node[key]!;
  }
  const nested = isObject(meta.properties) ? meta.properties : {};
  for (const key of Object.keys(nested)) {
    if (Object.hasOwn(properties, key)) {
      scope.findings.push({
        path: [...path, 'properties', key],
        message: `${quote(key)} stands also above properties`,
      });
    }
    properties[key] = nested[key]!;
  }
  const at = (inner: Path): Path => {
    const [key] = inner;
    const isNested = typeof key === 'string' && Object.hasOwn(nested, key);
    return isNested ? [...path, 'properties', ...inner] : [...path, ...inner];
  };
  return { meta, properties, at };
}

function checkProperties(type: string, properties: JsonObject, at: (path: Path) => Path, path: Path, scope: Scope) {
  const typo = scope.types.typoHint(type);
  if (typo) {
    scope.findings.push({ path: [...path, 'type'], message: `there is no resource type ${quote(type)}`, hint: typo });
  }
  const schema = scope.types.schemaOf(type);
  if (!schema) return;
  const before = scope.findings.length;
  checkValue(schema, properties, at, scope.findings);
  for (const finding of scope.findings.slice(before)) {
    // A mistyped `dependsOn` lands among the properties: the type alone would not know what was meant.
    const key = finding.path.at(-1);
    if (finding.message !== 'unknown key' || finding.path.length !== path.length + 1) continue;
    const meant = unknownKeyHint(String(key), [...META_KEYS]);
    if (meant.startsWith('did you mean') && !finding.hint?.startsWith('did you mean')) finding.hint = meant;
  }
}
