import { type ClientRequest, type IncomingMessage, type RequestOptions, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { HttpBackend } from './backend.ts';
import { connectBounded } from './connections.ts';
import type { Instance } from './instance.ts';
import { type OutgoingHead, outgoingHead, responseHeaders } from './message-head.ts';
import { refuse } from './refuse.ts';
import { serveStatic } from './static-site.ts';
import { switchingHead, tunnel } from './tunnel.ts';

/** What an exchange asks of its route, each time anew: weights may change while it waits. */
export interface Destinations {
  readonly key: string;
  /** How long a request is held while every instance of a revision refuses connections, in ms. */
  readonly holdMs: number;
  /** Where a request is to go that came in on this port. */
  choose(incoming: IncomingMessage, port: number): Instance | undefined;
  /** What the answer of an instance is to set, so that the user stays with it. */
  cookieFor(instance: Instance, incoming: IncomingMessage, port: number): string | undefined;
}

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 320;
/** May be sent twice with the effect of once (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/**
 * One request and what becomes of it. Nothing fails for the router's own reasons:
 *
 * - Only what can be sent twice (idempotent, without a body) uses a kept-alive connection. When the backend
 *   closed it at that very moment, the request is sent once more, on a new one. Everything else gets a new
 *   connection from the start, because RFC 9110, section 9.2.2, forbids a proxy to repeat it.
 * - A connection that never came about has carried nothing, so any request goes on at once at another instance of
 *   its revision. When none takes it, it waits a little and is sent to whatever the weights say then, until
 *   `holdMs` is over.
 */
export class Exchange {
  readonly #to: Destinations;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  /** The client's connection when it asks to switch protocols. */
  readonly #upgrading: Socket | undefined;
  readonly #arrived = performance.now();
  readonly #port: number;
  #instance: Instance | undefined;
  /** Those that refused it. */
  #refused: Set<Instance> | undefined;
  #upstream: ClientRequest | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #pause: NodeJS.Timeout | undefined;
  #repeated = false;
  /** It was counted; and as an error. */
  #counted = false;
  #failed = false;
  #over = false;

  /** `port`: where it came in. */
  constructor(to: Destinations, port: number, incoming: IncomingMessage, response: ServerResponse, upgrading?: Socket) {
    this.#to = to;
    this.#port = port;
    this.#incoming = incoming;
    this.#response = response;
    this.#upgrading = upgrading;
  }

  begin(): void {
    this.#response.once('close', () => this.#end());
    this.#send();
  }

  #send(): void {
    this.#visit(this.#to.choose(this.#incoming, this.#port));
    this.#hand();
  }

  #hand(): void {
    const instance = this.#instance;
    if (!instance) {
      refuse(this.#response, 503, `Service ${this.#to.key}: no revision has traffic.`);
      return;
    }
    const { backend } = instance;
    if (backend.kind === 'http') this.#forward(instance, backend);
    else this.#serve(instance, backend.directory);
  }

  /** Counts the request where it is now; a revision that it had to leave has failed it. */
  #visit(instance: Instance | undefined): void {
    const before = this.#instance;
    this.#instance = instance;
    if (before === instance) return;
    if (before && before.revision === instance?.revision) {
      before.revision.counter.passOn(before.slot, instance.slot, false);
      return;
    }
    before?.revision.counter.refused(before.slot);
    instance?.revision.counter.enter(instance.slot);
  }

  #serve(instance: Instance, directory: string): void {
    const cookie = this.#to.cookieFor(instance, this.#incoming, this.#port);
    if (cookie !== undefined) this.#response.setHeader('Set-Cookie', cookie);
    serveStatic(directory, this.#incoming, this.#response, () => {
      this.#answered(this.#response.statusCode >= 500);
    }).catch((error: unknown) => this.#giveUp(error));
  }

  #forward(instance: Instance, backend: HttpBackend): void {
    const { method = 'GET', url = '/' } = this.#incoming;
    try {
      const head = outgoingHead(this.#incoming, authorityOf(backend), this.#upgrading !== undefined);
      const repeatable = !head.hasBody && !this.#upgrading && IDEMPOTENT.has(method);
      const upstream = request({
        ...this.#connection(instance, backend, repeatable && !this.#repeated),
        host: backend.host,
        port: backend.port,
        method,
        path: url,
        headers: head.headers,
      });
      this.#upstream = upstream;
      upstream.on('response', (answer) => this.#relay(instance, answer));
      upstream.on('error', (error) => this.#recover(error, repeatable && upstream.reusedSocket));
      if (this.#upgrading) {
        upstream.on('upgrade', (answer, socket, first) => this.#switch(instance, answer, socket, first));
      }
      this.#sendBody(upstream, head);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #connection(instance: Instance, { host, port }: HttpBackend, mayReuse: boolean): RequestOptions {
    if (!this.#upgrading) return { agent: instance.connections(mayReuse) };
    // One side of a tunnel may be done before the other.
    return { createConnection: () => connectBounded({ host, port, allowHalfOpen: true }) };
  }

  /** Nothing of a body is read before there is a connection, so that a refused one has lost nothing. */
  #sendBody(upstream: ClientRequest, head: OutgoingHead): void {
    if (head.expectsContinue) upstream.on('continue', () => this.#response.writeContinue());
    if (!head.hasBody) {
      upstream.end();
      return;
    }
    const incoming = this.#incoming;
    const pass = () => {
      incoming.once('end', () => upstream.addTrailers(pairs(incoming.rawTrailers)));
      incoming.pipe(upstream);
    };
    upstream.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', pass);
      else pass();
    });
  }

  #relay(instance: Instance, answer: IncomingMessage): void {
    if (this.#over) return;
    const response = this.#response;
    try {
      const headers = responseHeaders(answer.rawHeaders);
      const cookie = this.#to.cookieFor(instance, this.#incoming, this.#port);
      if (cookie !== undefined) headers.push('Set-Cookie', cookie);
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
    } catch (error) {
      answer.destroy();
      this.#giveUp(error);
      return;
    }
    this.#answered((answer.statusCode ?? 0) >= 500);
    answer.once('end', () => {
      if (answer.rawTrailers.length > 0) response.addTrailers(pairs(answer.rawTrailers));
    });
    // Half a response: the client must see that it is not whole.
    answer.once('error', () => this.#cut());
    answer.pipe(response);
  }

  #switch(instance: Instance, answer: IncomingMessage, backend: Socket, first: Buffer): void {
    const client = this.#upgrading;
    if (!client || this.#over) {
      backend.destroy();
      return;
    }
    this.#over = true;
    this.#counted = true;
    this.#instance?.revision.counter.switched();
    this.#response.detachSocket(client);
    client.write(switchingHead(answer, this.#to.cookieFor(instance, this.#incoming, this.#port)), 'latin1');
    if (first.length > 0) backend.unshift(first);
    tunnel(client, backend, () => this.#leave());
  }

  #recover(error: NodeJS.ErrnoException, repeatable: boolean): void {
    if (this.#over) return;
    if (this.#response.headersSent) {
      this.#cut();
    } else if (error.syscall === 'connect' && this.#instance) {
      this.#passOn(this.#instance, error);
    } else if (repeatable && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) {
      this.#repeated = true;
      this.#send();
    } else {
      this.#giveUp(error);
    }
  }

  /** Nothing was sent yet. */
  #passOn(instance: Instance, error: Error): void {
    instance.rest();
    this.#refused ??= new Set();
    const first = !this.#refused.has(instance);
    this.#refused.add(instance);
    const other = instance.revision.besides(this.#refused);
    if (other) {
      instance.revision.counter.passOn(instance.slot, other.slot, first);
      this.#instance = other;
      this.#hand();
    } else if (performance.now() - this.#arrived < this.#to.holdMs) {
      this.#pause = setTimeout(() => this.#send(), this.#pauseMs);
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    } else {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    if (this.#response.headersSent) {
      this.#cut();
      return;
    }
    this.#answered(true);
    const code = (error as NodeJS.ErrnoException).code ?? 'unexpected';
    refuse(
      this.#response,
      502,
      `Service ${this.#to.key}: revision ${this.#instance?.revision.name} did not answer (${code}).`,
    );
  }

  #cut(): void {
    if (this.#over) return;
    if (this.#counted && !this.#failed) {
      this.#failed = true;
      this.#instance?.revision.counter.brokeOff();
    }
    this.#response.destroy();
  }

  #answered(failed: boolean): void {
    if (this.#counted) return;
    this.#counted = true;
    this.#failed = failed;
    this.#instance?.revision.counter.answered(performance.now() - this.#arrived, failed);
  }

  /** Its user left. Of one who hadn't yet sent all of it nobody knows whose fault it is. */
  #unanswered(): void {
    this.#counted = true;
    const counter = this.#instance?.revision.counter;
    if (this.#incoming.complete) counter?.unanswered(performance.now() - this.#arrived);
    else counter?.withdrawn();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#pause);
    if (!this.#response.writableFinished) {
      this.#upstream?.destroy();
    } else if (!this.#incoming.complete) {
      // Answered before the whole request was read: the rest has no taker, but must not block the connection.
      this.#incoming.unpipe();
      this.#upstream?.destroy();
      this.#incoming.resume();
    }
    if (!this.#counted) this.#unanswered();
    this.#leave();
  }

  #leave(): void {
    this.#instance?.revision.counter.leave(this.#instance.slot);
  }
}

function authorityOf({ host, port }: HttpBackend): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function pairs(raw: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) result.push([raw[i] as string, raw[i + 1] as string]);
  return result;
}
