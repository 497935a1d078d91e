import { Agent } from 'node:http';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';

/** A host that doesn't even refuse. Long enough for a crowded one, whose kernel asks again after 1 and 3 s. */
const CONNECT_WITHIN_MS = 5_000;

/** Makes connections that fail, as one that was refused does, when they don't come about in time. */
class BoundedAgent extends Agent {
  override createConnection(options: TcpNetConnectOpts): Socket {
    return connectBounded(options);
  }
}

/** For what must not meet a connection that breaks at that moment. */
export const freshConnections: Agent = new BoundedAgent({ keepAlive: false });

export function keptConnections(): Agent {
  return new BoundedAgent({ keepAlive: true, maxSockets: 1024, maxFreeSockets: 256 });
}

export function connectBounded(options: TcpNetConnectOpts): Socket {
  const socket = connect(options);
  const timer = setTimeout(() => {
    const { host, port } = options;
    const late = new Error(`${host}:${port} did not take the connection within ${CONNECT_WITHIN_MS} ms.`);
    socket.destroy(Object.assign(late, { code: 'ETIMEDOUT', syscall: 'connect' }));
  }, CONNECT_WITHIN_MS);
  const settled = () => clearTimeout(timer);
  socket.once('connect', settled).once('close', settled);
  return socket;
}
