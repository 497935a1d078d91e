import type { StepAction } from './step.ts';

/** Steps that leave nothing in the recorded world: a person's word that they are done is enough. */
const RECORDS_NOTHING: ReadonlySet<string> = new Set<StepAction>([
  'migrate',
  'migrate-down',
  'probe',
  'test',
  'verify',
  'drain',
]);

/**
 * What a person says of a step in doubt whose effect is there: that it is `done`; an `import`, which records what was
 * created; or to `redo` it, as where it is not there: it is done again, and so recorded.
 */
export function wordWhenFound(action: string): 'done' | 'import' | 'redo' {
  if (action === 'create') return 'import';
  return RECORDS_NOTHING.has(action) ? 'done' : 'redo';
}
