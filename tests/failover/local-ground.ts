import { agentProcesses, killAgent } from '../crash/shop/agent.ts';
import type { Ground } from './ground.ts';

/** This machine: the agent, which holds the processes and the router, is what can be taken away. */
export function openLocalGround(): Ground {
  return {
    platform: 'local',
    runs: 'process',
    victims: [{ name: 'the agent', hit: async (directory) => void killAgent(directory), mend: async () => {} }],
    instances: (_, directory) => {
      const processes = agentProcesses(directory).others.filter(({ env }) => env.SLIPWAY_REVISION !== undefined);
      return processes.map(({ pid, env }) => `${env.SLIPWAY_REVISION} as process ${pid}`);
    },
    close: async () => {},
  };
}
