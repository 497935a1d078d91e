import { type Address, resourceAddress, serviceAddress } from '../../address.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { describeIssue, nameOf } from '../explain.ts';
import { layOver, memberOf } from '../merge.ts';
import { didYouMean } from '../nearest.ts';
import { type Finding, type Path, quote } from '../problem.ts';
import { nodeName } from '../schema/scalars.ts';

const KINDS = {
  resources: { word: 'resource', toAddress: resourceAddress, required: ['type'] },
  services: { word: 'service', toAddress: serviceAddress, required: ['path', 'image'] },
} as const;
/** Nearly all names: saves asking the schema, which says why a name is none. */
const SIMPLE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,50}$/;
type Kind = keyof typeof KINDS;

/** What is declared for one environment, its block laid over the project's, not yet validated. */
export interface Nodes {
  resources: Map<string, JsonObject>;
  services: Map<string, JsonObject>;
  /** Declared, and taken away by `null` in this environment. */
  removed: Set<Address>;
}

export function layNodes(config: JsonObject, environment: string, findings: Finding[]): Nodes {
  const removed = new Set<Address>();
  const block = memberOf(memberOf(config, 'environments'), environment);
  const lay = (kind: Kind) => {
    const declared = membersOf(config, kind, [kind], findings);
    const over = membersOf(isObject(block) ? block : {}, kind, ['environments', environment, kind], findings);
    return layKind(kind, declared, over, { environment, removed, findings });
  };
  return { resources: lay('resources'), services: lay('services'), removed };
}

function layKind(
  kind: Kind,
  declared: JsonObject,
  over: JsonObject,
  scope: { environment: string; removed: Set<Address>; findings: Finding[] },
): Map<string, JsonObject> {
  const { word, toAddress, required } = KINDS[kind];
  const nodes = new Map<string, JsonObject>();
  for (const name of Object.keys(declared)) {
    const node = declared[name]!;
    if (!checkName(name, [kind, name], scope.findings)) continue;
    if (isObject(node)) nodes.set(name, node);
    else scope.findings.push({ path: [kind, name], message: `must be a mapping, not ${nameOf(node)}` });
  }
  for (const [name, block] of Object.entries(over)) {
    const path = ['environments', scope.environment, kind, name];
    const below = nodes.get(name);
    if (block === null && below) {
      nodes.delete(name);
      scope.removed.add(toAddress(name));
    } else if (!checkName(name, path, scope.findings)) {
    } else if (!isObject(block) && block !== null) {
      scope.findings.push({ path, message: `must be a mapping or null, not ${nameOf(block)}` });
    } else if (below && block !== null) {
      nodes.set(name, layOver(below, block, [kind, name]));
    } else if (block === null || !required.some((key) => Object.hasOwn(block, key))) {
      const known = Object.keys(declared);
      const hint = didYouMean(name, known) ?? `${kind}: ${known.slice(0, 10).join(', ') || 'none'}`;
      scope.findings.push({
        path,
        message: `there is no ${word} ${quote(name)} to ${block ? 'lay this over' : 'remove'}`,
        hint,
      });
    } else {
      nodes.set(name, block);
    }
  }
  return nodes;
}

function membersOf(parent: JsonObject, key: string, path: Path, findings: Finding[]): JsonObject {
  const value = memberOf(parent, key);
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  findings.push({ path, message: `must be a mapping, not ${nameOf(value)}` });
  return {};
}

/** Says whether a key can be a node's or an environment's name, and adds what is wrong with it. */
export function checkName(name: string, path: Path, findings: Finding[]): boolean {
  if (SIMPLE_NAME.test(name)) return true;
  const result = nodeName.safeParse(name, { error: describeIssue });
  if (!result.success) findings.push({ path, message: result.error.issues[0]?.message ?? 'must be a name' });
  return result.success;
}
