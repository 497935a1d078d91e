import type { Plan } from '../../plan/plan.ts';
import { type PlanSummary, summarizePlan } from '../deployment-projection.ts';
import type { Connection } from './connection.ts';

/** Keeps a plan under its digest, with a summary beside it so that headers needn't read all of it. */
export function savePlan(connection: Connection, plan: Plan): void {
  const sql = 'INSERT INTO plans (digest, summary, plan) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING';
  const summary = JSON.stringify(summarizePlan(plan));
  const text = JSON.stringify(plan);
  connection.write(() => connection.run(sql, plan.digest, summary, text));
}

export function readPlan(connection: Connection, digest: string): Plan | undefined {
  const row = connection.get<{ plan: string }>('SELECT plan FROM plans WHERE digest = ?', digest);
  return row === undefined ? undefined : (JSON.parse(row.plan) as Plan);
}

export function readPlanSummary(connection: Connection, digest: string): PlanSummary | undefined {
  const row = connection.get<{ summary: string }>('SELECT summary FROM plans WHERE digest = ?', digest);
  return row === undefined ? undefined : (JSON.parse(row.summary) as PlanSummary);
}
