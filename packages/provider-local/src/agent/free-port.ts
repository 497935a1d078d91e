import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';
/** Below what systems hand out to outgoing connections, any of which could take a port before its service does. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_767;
/** So many taken in a row: then whatever the system gives. */
const ATTEMPTS = 200;

/** True when nothing listens there now. Someone may take it a moment later. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await tryPort(port)) !== undefined;
}

/** A port that is free now and not in `taken`. */
export async function findFreePort(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = attempt > ATTEMPTS ? await tryPort(0) : randomInt(FIRST_PORT, LAST_PORT + 1);
    if (port !== undefined && !taken.has(port) && (await isPortFree(port))) return port;
  }
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const address = server.address();
      const bound = address !== null && typeof address === 'object' ? address.port : undefined;
      server.close(() => resolve(bound));
    });
  });
}
