import { rename } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * Puts itself before a HAProxy's socket: each line goes on to it, unless `hears` answers it instead. What is opened
 * by HAProxy anew, after a reload or a restart, is without.
 */
export async function standBetween(socket: string, hears: (line: string) => string | undefined): Promise<void> {
  const behind = `${socket}.b`;
  await rename(socket, behind);
  const server = createServer({ allowHalfOpen: true }, (asker) => {
    let line = '';
    asker.on('data', (part) => {
      line += part.toString();
    });
    asker.on('error', () => {});
    asker.on('end', () => {
      const own = hears(line);
      if (own !== undefined) return void asker.end(own);
      const real = connect({ path: behind, allowHalfOpen: true });
      real.on('error', () => asker.destroy());
      real.end(line);
      real.pipe(asker);
    });
  });
  await new Promise<void>((listening) => server.listen(socket, listening));
  onTestFinished(() => void server.close());
}
