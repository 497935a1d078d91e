import { type Found, processesOf } from '../processes.ts';

/** What belongs to a folder's background agent: the agent itself, and the watcher that starts it again. */
export interface AgentProcesses {
  agents: number[];
  watchers: number[];
  others: Found[];
}

/** Sorts a folder's processes. */
export function agentProcesses(directory: string): AgentProcesses {
  const sorted: AgentProcesses = { agents: [], watchers: [], others: [] };
  for (const found of processesOf(directory)) {
    const { command, pid } = found;
    if (!/agent\/main\.[jt]s /.test(command) || !command.includes(`--state ${directory}/.slipway`))
      sorted.others.push(found);
    else if (command.startsWith('/bin/sh ')) sorted.watchers.push(pid);
    else sorted.agents.push(pid);
  }
  return sorted;
}

/** Ends it with SIGKILL. False: there is none now. */
export function killAgent(directory: string): boolean {
  const { agents } = agentProcesses(directory);
  for (const pid of agents) process.kill(pid, 'SIGKILL');
  return agents.length > 0;
}
