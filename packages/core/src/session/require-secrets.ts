import { findReferences } from '../config/references.ts';
import type { JsonValue } from '../json.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../plan/step.ts';
import type { State } from '../state/record.ts';
import type { Workspace } from './workspace.ts';

/**
 * Makes sure that every secret which the plan's steps will need has a value, before the first of them has an
 * effect: what is taken down must not stop half-way for want of one. Throws `secret-missing`, `secret-too-short`.
 */
export async function requireSecrets(workspace: Workspace, plan: Plan): Promise<void> {
  const deletes = plan.steps.some(({ action }) => action === 'delete');
  const state: State = deletes ? await workspace.store.state(plan.environment) : new Map();
  const secrets = await workspace.secrets(plan.runtime);
  const names = new Set(plan.steps.flatMap((step) => secretsOf(step, state)));
  for (const name of names) workspace.clearSecret(secrets, name);
}

/** A deletion is told what is recorded; every other step carries what it needs. */
function secretsOf(step: Step, state: State): string[] {
  if (step.action === 'record') return [];
  const values: JsonValue[] = [step.input as unknown as JsonValue];
  if (step.action === 'delete') {
    const record = state.get(step.input.at);
    if (record?.kind === 'resource') values.push(record.properties, record.outputs);
  }
  return values.flatMap((value) =>
    findReferences(value).flatMap(({ kind, name }) => (kind === 'secret' ? [name] : [])),
  );
}
