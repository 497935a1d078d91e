import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what systems hand out to outgoing connections, any of which could take a port before its user does. */
const FIRST_PORT = 10_000;
const LAST_PORT = 19_999;

/** Vitest's workers, told apart by their number, draw from shares of their own: between draw and use a port is nobody's. */
const SHARES = 8;
const SHARE_SIZE = Math.floor((LAST_PORT - FIRST_PORT + 1) / SHARES);

const given = new Set<number>();

/** A port of 127.0.0.1 on which nothing listens now, that no outgoing connection takes, and that wasn't given before. */
export async function freePort(): Promise<number> {
  const share = Number(process.env.VITEST_POOL_ID ?? 0) % SHARES;
  const first = FIRST_PORT + share * SHARE_SIZE;
  for (;;) {
    const port = randomInt(first, first + SHARE_SIZE);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
