import type { JsonObject } from '../../json.ts';
import type { Finding, Path } from '../problem.ts';

export interface Place {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** How many keys of the path were found; the place is that of the last one. */
  depth: number;
}

/** What made a file unreadable, or doubtful, as a whole. */
export interface SyntaxFault {
  /** Absolute, when it is in another file that this one imports. */
  file?: string;
  line: number;
  column: number;
  message: string;
  hint?: string;
}

/** One config file that was read. */
export interface Source {
  /** Absolute. */
  file: string;
  /** Undefined when it could not be read as far as a mapping; then there are faults. */
  value: JsonObject | undefined;
  faults: SyntaxFault[];
  /** Parts of it that are no plain data. */
  findings: Finding[];
  /** Where a key stands, or the nearest thing around it that can be told. */
  locate(path: Path): Place;
}

export const TOP: Place = { line: 1, column: 1, depth: 0 };

/** A file that gave nothing but a fault. */
export function unreadable(file: string, fault: SyntaxFault): Source {
  return { file, value: undefined, faults: [fault], findings: [], locate: () => TOP };
}
