import { SlipwayError } from '@slipway/core/provider';
import type { WireError } from './protocol.ts';
import { AGENT_PROTOCOL, type OperationName, PROTOCOL_HEADER, type RequestOf, type ResponseOf } from './protocol.ts';

/** Nobody answered, or the connection broke before the answer. Whether it was done isn't known. */
export class ConnectionLost extends SlipwayError {
  constructor(cause?: unknown) {
    super('agent-unavailable', 'The background agent does not answer.', {
      subject: 'agent',
      hint: 'Repeat it: the agent is started again when it is gone.',
      retryable: true,
      cause,
    });
  }
}

/** One request over an agent's socket. Throws {@link ConnectionLost}, the agent's own error, or the signal's reason. */
export async function requestAgent<K extends OperationName>(
  socket: string,
  name: K,
  body: RequestOf<K>,
  signal: AbortSignal,
): Promise<ResponseOf<K>> {
  signal.throwIfAborted();
  const { status, text } = await exchange(socket, name, JSON.stringify(body), signal);
  if (status === 200) return JSON.parse(text) as ResponseOf<K>;
  const { error } = JSON.parse(text) as { error: WireError };
  throw new SlipwayError(error.code, error.message, error);
}

async function exchange(socketPath: string, name: string, body: string, signal: AbortSignal) {
  // Importing it takes as long as a whole small plan: only who speaks to an agent pays for it.
  const { request } = await import('node:http');
  return await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const lost = (cause: unknown) => reject(signal.aborted ? signal.reason : new ConnectionLost(cause));
    const sent = request(
      {
        socketPath,
        method: 'POST',
        path: `/${name}`,
        agent: false,
        signal,
        headers: { 'content-type': 'application/json', [PROTOCOL_HEADER]: String(AGENT_PROTOCOL) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', lost);
        response.once('end', () => {
          if (!response.complete) return lost(undefined);
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    sent.once('error', lost);
    sent.end(body);
  });
}
