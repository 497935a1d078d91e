import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '@slipway/core/provider';
import { ensureAgent, findAgent } from './ensure-agent.ts';
import { atRestFile, storeFile } from './locations.ts';
import type { AgentInfo } from './protocol.ts';
import { ConnectionLost, requestAgent } from './request.ts';

/** `at-rest`: nothing runs. `down`: an agent died or was ended while services run; the next command starts one. */
export type AgentStatus = ({ kind: 'running' } & AgentInfo) | { kind: 'at-rest' } | { kind: 'down' };

export type AgentStopped = { kind: 'stopped'; revisions: number } | { kind: 'not-running' };

/** Looks at the agent of a state directory; starts none. */
export async function agentStatus(
  stateDirectory: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<AgentStatus> {
  const found = await findAgent(stateDirectory, signal);
  if (found) {
    try {
      return { kind: 'running', ...(await requestAgent(found.socket, 'hello', {}, signal)) };
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    }
  }
  return { kind: isAtRest(stateDirectory) ? 'at-rest' : 'down' };
}

/**
 * Ends every service of a state directory gracefully, then its agent. They stay recorded: the next
 * deployment (or anything else that changes something) brings them back as they were. Safe to repeat.
 */
export async function stopAgent(
  stateDirectory: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<AgentStopped> {
  if (isAtRest(stateDirectory) && !(await findAgent(stateDirectory, signal))) return { kind: 'not-running' };
  // Also when none runs: services that an agent left behind are ended by the agent that takes them back.
  const agent = await ensureAgent(stateDirectory, signal);
  const { revisions } = await requestAgent(agent.socket, 'stop', {}, signal);
  while (isAlive(agent.pid, agent.start)) await sleep(20, undefined, { signal });
  return { kind: 'stopped', revisions };
}

function isAtRest(stateDirectory: string): boolean {
  return !existsSync(storeFile(stateDirectory)) || existsSync(atRestFile(stateDirectory));
}
