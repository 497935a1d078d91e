import { processesOf } from '../processes.ts';

const isAgent = (command: string, state: string) =>
  /agent\/main\.[jt]s/.test(command) && command.endsWith(`--state ${state}`);

/** The background agents of a state directory; there must never be two. */
export function agentsOf(directory: string): number[] {
  const found = processesOf(directory).filter(({ command }) => isAgent(command, `${directory}/.slipway`));
  return found.map(({ pid }) => pid);
}

/** Ends it with SIGKILL. False: there is none now. */
export function killAgent(directory: string): boolean {
  const pids = agentsOf(directory);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids.length > 0;
}
