import type { DeploymentStatus } from '../journal/event.ts';
import type { DeploymentHeader } from '../journal/store.ts';

const OPEN: readonly DeploymentStatus[] = ['pending', 'validating', 'in_progress', 'waiting'];

/** True when a deployment has neither ended nor gone back. */
export function isOpen(header: Pick<DeploymentHeader, 'status'>): boolean {
  return OPEN.includes(header.status) || header.status === 'rolling_back';
}

/** True when a deployment was taken back whole, or is a way back that was gone to its end. */
export function isBack({ status, kind }: Pick<DeploymentHeader, 'status' | 'kind'>): boolean {
  return status === 'rolled_back' || (kind === 'rollback' && status === 'completed');
}
