import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const KEEP_ALIVE_MS = 60_000;

/** The backend's agreement to switch protocols, as it is sent to the client; `cookie`: to be set besides. */
export function switchingHead(response: IncomingMessage, cookie: string | undefined): string {
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage ?? ''}`];
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`);
  }
  if (cookie !== undefined) lines.push(`Set-Cookie: ${cookie}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/**
 * Passes bytes both ways, with back-pressure, until both sides are done or one breaks; then calls `closed`
 * once. There is no idle limit: a quiet WebSocket stays; TCP keep-alive finds peers that are gone.
 */
export function tunnel(client: Socket, backend: Socket, closed: () => void): void {
  let open = 2;
  for (const [from, to] of [
    [client, backend],
    [backend, client],
  ] as const) {
    from.setNoDelay(true);
    from.setKeepAlive(true, KEEP_ALIVE_MS);
    from.on('error', () => to.destroy());
    from.once('close', () => {
      // A side that closed without an end (reset) can't leave the other one waiting for more.
      if (!from.readableEnded) to.destroy();
      else to.end();
      if (--open === 0) closed();
    });
    from.pipe(to);
  }
}
