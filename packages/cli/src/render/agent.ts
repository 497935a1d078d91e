import type { AgentStatus, AgentStopped } from '@slipway/provider-local';
import { formatMoment } from './duration.ts';
import type { Look } from './plan.ts';
import { count } from './text.ts';

/** How the agent is. */
export function renderAgentStatus(status: AgentStatus, { colors }: Look): string {
  switch (status.kind) {
    case 'running':
      return `The agent runs (pid ${status.pid}, since ${formatMoment(status.startedAt)}): ${count(status.revisions, 'revision')}.`;
    case 'at-rest':
      return 'No agent runs, and nothing that needs one.';
    case 'down':
      return colors.yellow('No agent runs, though services were left running; the next deployment starts one.');
  }
}

/** What stopping it did; `deploy`: the command that brings the services back. */
export function renderAgentStopped(result: AgentStopped, deploy: string): string {
  if (result.kind === 'not-running') return 'No agent runs.';
  if (result.revisions === 0) return 'The agent is stopped. It ran nothing.';
  return `The agent is stopped, and with it ${count(result.revisions, 'revision')}. Bring them back: ${deploy}`;
}
