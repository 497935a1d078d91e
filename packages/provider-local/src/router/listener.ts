import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SlipwayError } from '@slipway/core/provider';

/** Longer than the pools of usual clients and load balancers, so that it is rarely this side that closes. */
const CLIENT_KEEP_ALIVE_MS = 75_000;

export interface Answering {
  request(request: IncomingMessage, response: ServerResponse, listener: Listener): void;
  upgrade(request: IncomingMessage, socket: Socket, listener: Listener): void;
}

/** One listening port and every connection that came through it. */
export class Listener {
  readonly #server: Server;
  readonly #tunnels = new Set<Socket>();
  /** Resolves when it was stopped and its last connection is gone. */
  readonly closed: Promise<void>;
  #port = 0;
  #stopped = false;

  private constructor(answering: Answering) {
    this.#server = createServer({
      keepAliveTimeout: CLIENT_KEEP_ALIVE_MS,
      headersTimeout: 60_000,
      // An upload may take as long as it takes.
      requestTimeout: 0,
      // A request with a body that offers another protocol is answered as if it hadn't (RFC 9110, section 7.8).
      shouldUpgradeCallback: (request) => !hasBody(request),
    });
    const answer = (request: IncomingMessage, response: ServerResponse) => answering.request(request, response, this);
    this.#server.on('request', answer);
    // The backend decides whether the client shall go on; node:http would agree at once.
    this.#server.on('checkContinue', answer);
    this.#server.on('upgrade', (request, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      this.#tunnels.add(socket as Socket);
      socket.once('close', () => this.#tunnels.delete(socket as Socket));
      answering.upgrade(request, socket as Socket, this);
    });
    this.closed = new Promise((resolve) => this.#server.once('close', resolve));
  }

  /** Listens, or throws `port-in-use` or `port-unavailable`. */
  static async open(host: string, port: number, subject: string, answering: Answering): Promise<Listener> {
    const listener = new Listener(answering);
    await new Promise<void>((resolve, reject) => {
      listener.#server.on('error', (error) => reject(explain(error, host, port, subject)));
      listener.#server.listen({ host, port }, resolve);
    });
    listener.#port = (listener.#server.address() as AddressInfo).port;
    return listener;
  }

  get port(): number {
    return this.#port;
  }

  /** No new connections; those that remain are closed after their current request. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Frees the port at once and closes idle connections; what is in flight is finished. */
  stop(): void {
    this.#stopped = true;
    this.#server.close();
  }

  /** Stops and cuts everything off. */
  async destroy(): Promise<void> {
    if (!this.#stopped) this.stop();
    this.#server.closeAllConnections();
    for (const socket of this.#tunnels) socket.destroy();
    await this.closed;
  }
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, subject: string): SlipwayError {
  if (error.code === 'EADDRINUSE') {
    return new SlipwayError('port-in-use', `Port ${port} on ${host} is already taken.`, {
      subject,
      hint: `See who holds it with \`ss -ltnp 'sport = :${port}'\` (Linux) or \`lsof -nP -iTCP:${port} -sTCP:LISTEN\`, then stop it or give the service another port.`,
      details: { host, port },
      cause: error,
    });
  }
  return new SlipwayError('port-unavailable', `Can't listen on port ${port} of ${host}: ${error.message}.`, {
    subject,
    hint:
      port < 1024 ? 'Ports below 1024 need rights that this user lacks; choose a higher one.' : 'Choose another port.',
    details: { host, port },
    cause: error,
  });
}
