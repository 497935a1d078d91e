import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOKS_EVERY_MS = 250;

/**
 * Waits until nobody else on this machine has the turn of this name, in any process, and takes it. It is given back by
 * what this returns, and with the end of the process, however that comes. Linux only: it is a name among abstract
 * sockets (unix(7)), which the kernel frees.
 */
export async function takeTurn(name: string): Promise<() => Promise<void>> {
  for (;;) {
    const giveBack = await tryTurn(`\0slipway-turn-${name}`);
    if (giveBack) return giveBack;
    await sleep(LOOKS_EVERY_MS);
  }
}

/** Undefined while somebody has it. */
function tryTurn(path: string): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(() => new Promise((closed) => server.close(() => closed())));
    });
  });
}
