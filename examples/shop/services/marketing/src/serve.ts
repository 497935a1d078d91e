import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

// Serves dist/ on platforms that serve no static sites by themselves.

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.css': 'text/css' };
const port = Number(process.env.PORT ?? 4003);
const host = process.env.HOST ?? '127.0.0.1';
const site = join(import.meta.dirname, '../dist');

const server = createServer((request, response) => {
  // A URL's path has no `..` left in it, so nothing outside of the site can be asked for.
  const { pathname } = new URL(request.url ?? '/', 'http://site');
  const file = join(site, pathname === '/' ? 'index.html' : pathname);
  const type = TYPES[extname(file)];
  if (stopping) response.setHeader('connection', 'close');
  if (!type || !existsSync(file)) response.writeHead(404).end('There is no such page.\n');
  else createReadStream(file).pipe(response.writeHead(200, { 'content-type': type }));
});
let stopping = false;

/** Takes nothing new, finishes what runs, then leaves. */
function stop(): void {
  stopping = true;
  server.close();
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
server.listen(port, host, () => console.log(`marketing listens on http://${host}:${port}`));
