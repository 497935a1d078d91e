import type { ServerResponse } from 'node:http';

/** Answers in the router's own name, in a line of text; 503 asks the client to come back in a second. */
export function refuse(response: ServerResponse, status: 502 | 503, reason: string): void {
  const body = `${reason}\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...(status === 503 ? { 'Retry-After': '1' } : {}),
  });
  response.end(body);
}
