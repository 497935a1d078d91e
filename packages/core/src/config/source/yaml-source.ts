import { type Document, LineCounter, type ParseOptions, parseDocument, type SchemaOptions } from 'yaml';
import { isObject } from '../../json.ts';
import { plainData } from '../plain-data.ts';
import type { Path } from '../problem.ts';
import { type Source, type SyntaxFault, TOP, unreadable } from './source.ts';
import { documentFaults, syntaxFaults, TOO_DEEP } from './yaml-faults.ts';
import { YamlPlaces } from './yaml-places.ts';

const MOST_ALIASES = 100;
const OPTIONS: ParseOptions & SchemaOptions = { prettyErrors: false, merge: true, stringKeys: true, uniqueKeys: false };

/** Reads YAML 1.2 (and JSON, which is part of it), with anchors and `<<` merge keys. */
export function readYaml(file: string, text: string): Source {
  const lineCounter = new LineCounter();
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { ...OPTIONS, lineCounter });
  } catch (error) {
    if (error instanceof RangeError) return unreadable(file, TOO_DEEP);
    throw error;
  }
  const places = new YamlPlaces(document, lineCounter);
  const locate = (path: Path) => places.locate(path);
  const broken = (faults: SyntaxFault[]) => ({ file, value: undefined, faults, findings: [], locate });
  const syntax = syntaxFaults(document, text, places);
  if (syntax.length > 0) return broken(syntax);
  const { unresolved, duplicates } = documentFaults(document, places);
  if (unresolved.length > 0) return broken([...unresolved, ...duplicates]);
  // A key that stands twice spoils nothing else: checking goes on with the last one.
  return { file, faults: duplicates, locate, ...readValue(document, duplicates) };
}

function readValue(document: Document.Parsed, faults: SyntaxFault[]): Pick<Source, 'value' | 'findings'> {
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    faults.push(explainUnreadable(error));
    return { value: undefined, findings: [] };
  }
  const { value, findings } = plainData(raw ?? {});
  if (!isObject(value)) {
    faults.push({ ...TOP, message: 'must be a mapping with the keys of a project' });
    return { value: undefined, findings };
  }
  return { value, findings };
}

/** Unresolved aliases were found before: what is left are alias bombs, and `<<` with nothing to merge. */
function explainUnreadable(error: unknown): SyntaxFault {
  if (error instanceof RangeError) return TOO_DEEP;
  const isBomb = error instanceof ReferenceError;
  return { ...TOP, message: isBomb ? 'its aliases multiply without bounds' : 'has a << that merges no mapping' };
}
