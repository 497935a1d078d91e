import type { JsonObject } from '../../json.ts';
import { type Finding, type Path, quote } from '../problem.ts';
import { findReferences } from '../references.ts';
import type { Interpolation } from './interpolation.ts';
import { visitStrings } from './interpolation.ts';
import type { NodeNames } from './node-names.ts';
import type { TypeIndex } from './type-index.ts';

/** What reading a node of one environment needs to know. Everything that is wrong goes into `findings`. */
export interface Scope {
  interpolation: Interpolation;
  names: NodeNames;
  types: TypeIndex;
  /** The environment's variables: every service's `env` begins with them. */
  variables: Record<string, string>;
  /** Names of the environment's metric sources; undefined where those have faults of their own. */
  metricSources: readonly string[] | undefined;
  /** Which service has a port. */
  ports: Map<number, string>;
  findings: Finding[];
}

/** Finds fault with references that only a run can resolve, where nothing will resolve them. */
export function refuseRunTimeReferences(value: JsonObject, path: Path, where: string, findings: Finding[]): void {
  if (findReferences(value).length === 0) return;
  visitStrings(value, path, (text, place) => {
    for (const reference of findReferences(text)) {
      if (reference.kind === 'env' || reference.kind === 'var') continue;
      const { kind, name, output } = reference;
      const written = `\${${kind}:${name}${output === undefined ? '' : `.${output}`}}`;
      findings.push({ path: place, message: `${quote(written)} can not stand here`, hint: where });
    }
  });
}

export const isTrue = (value: boolean | string): boolean => String(value) === 'true';

/** Numbers and booleans as text; what a mapping of labels or variables becomes. */
export function toTexts(values: Readonly<Record<string, string | number | boolean>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
}
