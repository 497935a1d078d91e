import { type Agent, type OutgoingHttpHeaders, request } from 'node:http';

/** How one request ended. */
export type Exchange =
  /** The sample service answered, with whatever status. */
  | { kind: 'answered'; status: number; revision: string; instance: string; setCookies: string[] }
  /** Nobody did: an error on the way, or an answer of somebody else. */
  | { kind: 'failed'; reason: string };

export interface ExchangeOptions {
  /** Default: a new connection that is closed afterwards. */
  agent?: Agent;
  headers?: OutgoingHttpHeaders;
  /** Default 30,000. */
  timeoutMs?: number;
}

/** Sends one GET, once: nothing is repeated, so that whatever goes wrong is seen. Never rejects. */
export function exchange(url: string | URL, options: ExchangeOptions = {}): Promise<Exchange> {
  const { agent = false, headers = {}, timeoutMs = 30_000 } = options;
  return new Promise((resolve) => {
    const fail = (reason: string) => resolve({ kind: 'failed', reason });
    const sent = request(url, { agent, headers, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.once('error', (error) => fail(`the answer broke off: ${error.message}`));
      response.once('end', () => {
        const { statusCode: status = 0, headers: received } = response;
        const revision = received['x-revision'];
        if (typeof revision !== 'string') return fail(`somebody else answered ${status}: ${body.slice(0, 80).trim()}`);
        const setCookies = (received['set-cookie'] ?? []).map((one) => one.split(';', 1)[0]!);
        resolve({ kind: 'answered', status, revision, instance: instanceOf(body), setCookies });
      });
    });
    sent.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    sent.end();
  });
}

function instanceOf(body: string): string {
  try {
    return (JSON.parse(body) as { instance?: string }).instance ?? '';
  } catch {
    return '';
  }
}
