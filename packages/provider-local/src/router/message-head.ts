import type { IncomingMessage } from 'node:http';

/** What a request's head becomes on its way to a backend. */
export interface OutgoingHead {
  /** Name, value, name, value, … as `http.request` takes them. */
  headers: string[];
  hasBody: boolean;
  expectsContinue: boolean;
}

/** They belong to one connection and are never passed on (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade']);
/** A `Connection` header can't take these away: without them the next hop would see another message. */
const END_TO_END = new Set(['host', 'content-length']);
const WITHOUT_BODY_BY_DEFAULT = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/**
 * The request's headers without those of the connection, with `X-Forwarded-For` extended by the client's
 * address. `Host` stays the client's. `X-Forwarded-Proto` and `X-Forwarded-Host` are added unless a proxy
 * in front gave them: the router itself listens on the loopback, in clear.
 *
 * @param upgrade Keep what asks the backend to switch protocols.
 */
export function outgoingHead(request: IncomingMessage, authority: string, upgrade: boolean): OutgoingHead {
  const raw = request.rawHeaders;
  const headers: string[] = [];
  const named = namedByConnection(raw);
  let host = '';
  let protocol = '';
  let clients = '';
  let forwardedHost = false;
  let forwardedProto = false;
  let length = '';
  let chunked = false;
  let expectsContinue = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    if (name === 'transfer-encoding') chunked = true;
    if (name === 'upgrade') protocol = value;
    if (HOP_BY_HOP.has(name) || named?.has(name)) continue;
    if (name === 'host') host = value;
    else if (name === 'content-length') length = value;
    else if (name === 'expect') expectsContinue = true;
    else if (name === 'x-forwarded-host') forwardedHost = true;
    else if (name === 'x-forwarded-proto') forwardedProto = true;
    else if (name === 'x-forwarded-for') {
      clients += `${value}, `;
      continue;
    }
    headers.push(raw[i] as string, value);
  }
  if (host === '') headers.push('Host', authority);
  if (chunked) headers.push('Transfer-Encoding', 'chunked');
  // Without it node:http would announce a chunked body that nobody sent.
  else if (length === '' && !WITHOUT_BODY_BY_DEFAULT.has(request.method ?? 'GET')) headers.push('Content-Length', '0');
  if (upgrade) headers.push('Connection', 'Upgrade', 'Upgrade', protocol);
  headers.push('X-Forwarded-For', clients + clientAddress(request));
  if (!forwardedProto) headers.push('X-Forwarded-Proto', 'http');
  if (!forwardedHost && host !== '') headers.push('X-Forwarded-Host', host);
  return { headers, hasBody: chunked || (length !== '' && Number(length) !== 0), expectsContinue };
}

/** A response's headers without those of the connection; node:http frames the body anew. */
export function responseHeaders(raw: readonly string[]): string[] {
  const headers: string[] = [];
  const named = namedByConnection(raw);
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (!HOP_BY_HOP.has(name) && !named?.has(name)) headers.push(raw[i] as string, raw[i + 1] as string);
  }
  return headers;
}

function namedByConnection(raw: readonly string[]): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.length !== 10 || raw[i]?.toLowerCase() !== 'connection') continue;
    for (const token of (raw[i + 1] as string).toLowerCase().split(',')) {
      const name = token.trim();
      if (name === '' || name === 'keep-alive' || name === 'close' || END_TO_END.has(name)) continue;
      named ??= new Set();
      named.add(name);
    }
  }
  return named;
}

function clientAddress(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? 'unknown';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
