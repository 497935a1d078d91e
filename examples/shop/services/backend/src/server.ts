import { createServer, type ServerResponse } from 'node:http';
import { type Answer, handleRequest } from './handle-request.ts';
import { openDatabase } from './open-database.ts';
import { Receipts, readKey } from './receipts.ts';

const port = Number(process.env.PORT ?? 4000);
const host = process.env.HOST ?? '127.0.0.1';
const revision = process.env.SLIPWAY_REVISION ?? '';
const receipts = new Receipts(readKey());
const database = openDatabase();
let stopping = false;

const server = createServer((request, response) => {
  handleRequest(database, receipts, request).then(
    (answer) => send(response, answer),
    (error: unknown) => {
      console.error(`${request.method} ${request.url} failed:`, error);
      send(response, { status: 500, body: { error: 'The shop made a mistake; its log says which.' } });
    },
  );
});

function send(response: ServerResponse, { status, body }: Answer): void {
  if (stopping) response.setHeader('connection', 'close');
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-revision', revision);
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

/** Takes nothing new, finishes what runs, then leaves. */
function stop(): void {
  if (stopping) return;
  stopping = true;
  server.close(() => database.close());
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
server.listen(port, host, () => console.log(`backend listens on http://${host}:${port}`));
