import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { Socket } from 'node:net';

/**
 * Connections to an engine, one for each request, which are given up when nobody takes them within so many ms. How long an
 * answer takes is not bounded: an engine answers a stop when the container has ended.
 */
export function connectingAgent(tls: boolean, withinMs: number): Agent {
  const agent = tls ? new TlsAgent() : new Agent();
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const socket = create(options, done);
    if (socket instanceof Socket) giveUpAfter(socket, withinMs);
    return socket;
  };
  return agent;
}

function giveUpAfter(socket: Socket, withinMs: number): void {
  const late = () => socket.destroy(Object.assign(new Error('Nobody took the connection.'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(late, withinMs);
  for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer));
}
