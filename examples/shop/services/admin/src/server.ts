import { createServer } from 'node:http';
import { Backend } from './backend.ts';
import { html } from './html.ts';
import { ordersTable, page, productsTable } from './pages.ts';

const port = Number(process.env.PORT ?? 4001);
const host = process.env.HOST ?? '127.0.0.1';
const revision = process.env.SLIPWAY_REVISION ?? '';
const banner = process.env.BANNER ?? '';
const backendUrl = process.env.BACKEND_URL;
if (!backendUrl) throw new Error('BACKEND_URL is not set; it names the backend that this admin shows.');
const backend = new Backend(backendUrl);
let stopping = false;

interface Shown {
  status: number;
  body: string;
}

async function show(path: string): Promise<Shown> {
  switch (path) {
    case '/healthz':
      return { status: 200, body: 'ok\n' };
    case '/':
      return { status: 200, body: page('Orders', banner, ordersTable(await backend.orders())) };
    case '/products':
      return { status: 200, body: page('Products', banner, productsTable(await backend.products())) };
    default:
      return { status: 404, body: page('Not found', banner, html`<p>There is nothing at ${path}.</p>`) };
  }
}

async function showOrExplain(path: string): Promise<Shown> {
  try {
    return await show(path);
  } catch (error) {
    console.error(`GET ${path} failed:`, error);
    return { status: 502, body: page('The backend does not answer', banner, html`<p>${(error as Error).message}</p>`) };
  }
}

const server = createServer((request, response) => {
  if (stopping) response.setHeader('connection', 'close');
  response.setHeader('x-revision', revision);
  if (request.method !== 'GET') {
    response.writeHead(405, { allow: 'GET' }).end();
    return;
  }
  void showOrExplain(new URL(request.url ?? '/', 'http://admin').pathname).then(({ status, body }) =>
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body),
  );
});

/** Takes nothing new, finishes what runs, then leaves. */
function stop(): void {
  stopping = true;
  server.close();
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
server.listen(port, host, () => console.log(`admin listens on http://${host}:${port}`));
