import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { userInfo } from 'node:os';
import { SlipwayError } from '@slipway/core/provider';
import type { Handlers } from './agent.ts';
import { socketPlace } from './locations.ts';
import { AGENT_PROTOCOL, type OperationName, PROTOCOL_HEADER, type WireError } from './protocol.ts';

const BODY_LIMIT = 8 * 1024 * 1024;
/** These keep their form in every protocol. */
const TIMELESS: ReadonlySet<string> = new Set(['hello', 'stop']);

export interface AgentServerOptions {
  handlers: Handlers;
  /** After the answer to `stop` was sent. */
  stopped(): void;
  log(line: string): void;
}

/** Answers a state directory's clients on its Unix socket, which only this user can open. */
export class AgentServer {
  readonly #options: AgentServerOptions;
  readonly #server: Server;
  #open = 0;
  /** When the last answer was given, in ms since the epoch. */
  lastUsed = Date.now();

  constructor(options: AgentServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.requestTimeout = 0;
  }

  get isBusy(): boolean {
    return this.#open > 0;
  }

  /** To be called by the only agent of the state directory: a socket that is there belongs to a dead one. */
  async listen(state: string): Promise<string> {
    const { path, folder } = socketPlace(state);
    if (folder !== undefined) makePrivate(folder);
    rmSync(path, { force: true });
    const before = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(path, resolve);
        process.umask(before);
      });
    } finally {
      process.umask(before);
    }
    chmodSync(path, 0o600);
    return path;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open++;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const name = (request.url ?? '').slice(1) as OperationName;
    try {
      const result = await this.#handle(name, request, gone.signal);
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(result));
      if (name === 'stop') response.once('finish', () => this.#options.stopped());
    } catch (error) {
      if (!(error instanceof SlipwayError) && !gone.signal.aborted) {
        this.#options.log(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
      }
      const body = JSON.stringify({ error: toWire(error) });
      response.writeHead(409, { 'content-type': 'application/json', connection: 'close' }).end(body);
    } finally {
      this.#open--;
      this.lastUsed = Date.now();
    }
  }

  async #handle(name: OperationName, request: IncomingMessage, signal: AbortSignal): Promise<unknown> {
    const handler = Object.hasOwn(this.#options.handlers, name) ? this.#options.handlers[name] : undefined;
    const protocol = request.headers[PROTOCOL_HEADER];
    if (!handler || (protocol !== String(AGENT_PROTOCOL) && !TIMELESS.has(name))) {
      throw new SlipwayError('agent-version', `The running agent speaks protocol ${AGENT_PROTOCOL}, not ${protocol}.`, {
        hint: 'Another version of Slipway started it. End it with `slipway agent stop`, then repeat.',
      });
    }
    const body = await readBody(request);
    return await (handler as (request: unknown, signal: AbortSignal) => Promise<unknown>)(body, signal);
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT) throw new SlipwayError('request-too-large', `A request is over ${BODY_LIMIT} bytes.`);
    chunks.push(chunk as Buffer);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
}

function toWire(error: unknown): WireError {
  if (!(error instanceof SlipwayError)) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      code: 'agent-failed',
      message,
      hint: 'Its log is in the state directory: agent/agent.log.',
      retryable: true,
    };
  }
  const { code, message, subject, hint, retryable } = error;
  return {
    code,
    message,
    retryable,
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** A folder in a place that others may write to: it must be a folder, ours, and closed to them. */
function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0) return;
  throw new SlipwayError('agent-socket-unsafe', `${folder} is open to other users.`, {
    hint: 'Remove it, then repeat.',
  });
}
