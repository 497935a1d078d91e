import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
  request,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { type Backend, ServiceRouter, type ServiceRouterOptions } from '../../src/router/index.ts';

/** A real HTTP server on a free port, gone when the test is. */
export async function startBackend(
  answer: RequestListener,
  port = 0,
): Promise<{ server: Server; backend: Backend; port: number }> {
  const server = createServer(answer);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => stopServer(server));
  const taken = (server.address() as AddressInfo).port;
  return { server, port: taken, backend: { kind: 'http', slot: 0, host: '127.0.0.1', port: taken } };
}

export function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** One instance that answers every request with its name. */
export async function startNamed(name: string): Promise<[Backend]> {
  const { backend } = await startBackend((incoming, response) => {
    incoming.resume();
    response.end(name);
  });
  return [backend];
}

export function startRouter(options?: ServiceRouterOptions): ServiceRouter {
  const router = new ServiceRouter(options);
  onTestFinished(() => router.close());
  return router;
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
  message: IncomingMessage;
}

const oneOff = new Agent({ keepAlive: false });

export async function call(port: number, options: RequestOptions & { body?: string } = {}): Promise<Answer> {
  const { body, ...rest } = options;
  const outgoing = request({ host: '127.0.0.1', port, agent: oneOff, ...rest });
  outgoing.end(body);
  const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: message.statusCode ?? 0, headers: message.headers, body: await text(message), message };
}

export function keepAliveAgent(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  onTestFinished(() => agent.destroy());
  return agent;
}
