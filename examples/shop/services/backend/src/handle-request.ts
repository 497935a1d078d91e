import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { currentLevel } from './migrations.ts';
import { cancelOrder, findOrder, listOrders, listProducts, placeOrder } from './orders.ts';
import { readOrderRequest } from './read-order-request.ts';
import type { Receipts } from './receipts.ts';

export interface Answer {
  status: number;
  body: unknown;
}

const release = JSON.parse(readFileSync(join(import.meta.dirname, 'release.json'), 'utf8')) as { version: string };
const api: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../api.json'), 'utf8'));

const answer = (status: number, body: unknown): Answer => ({ status, body });
const refusal = (status: number, error: string): Answer => ({ status, body: { error } });

/** Answers one request. Throws only for what is a fault of this service. */
export async function handleRequest(
  database: DatabaseSync,
  receipts: Receipts,
  request: IncomingMessage,
): Promise<Answer> {
  const path = new URL(request.url ?? '/', 'http://shop').pathname;
  const [, head, id] = path.split('/');
  switch (`${request.method} /${head}${id ? '/:id' : ''}`) {
    case 'GET /healthz':
      return checkHealth(database);
    case 'GET /':
    case 'GET /api':
      return answer(200, api);
    case 'GET /version':
      return answer(200, { version: release.version, level: currentLevel(database) });
    case 'GET /products':
      return answer(200, listProducts(database));
    case 'GET /orders':
      return answer(200, listOrders(database));
    case 'POST /orders':
      return await receiveOrder(database, receipts, request);
    case 'GET /orders/:id': {
      const order = findOrder(database, id as string);
      return order ? answer(200, order) : refusal(404, `There is no order ${id}.`);
    }
    case 'DELETE /orders/:id':
      if (!receipts.accepts(id as string, String(request.headers['x-receipt'] ?? '')))
        return refusal(403, 'The header x-receipt must hold the receipt of this order.');
      return cancelOrder(database, id as string) ? answer(204, undefined) : refusal(404, `There is no order ${id}.`);
    default:
      return refusal(404, `There is nothing at ${request.method} ${path}.`);
  }
}

/** Healthy means that the database answers and has the tables that this code reads. */
function checkHealth(database: DatabaseSync): Answer {
  try {
    const row = database.prepare('SELECT count(*) AS products FROM products').get();
    return answer(200, { status: 'ok', ...row });
  } catch (error) {
    return refusal(503, `The database can't be read: ${(error as Error).message}`);
  }
}

async function receiveOrder(database: DatabaseSync, receipts: Receipts, request: IncomingMessage): Promise<Answer> {
  const wanted = await readOrderRequest(request);
  if (typeof wanted === 'string') return refusal(400, wanted);
  const placement = placeOrder(database, wanted);
  switch (placement.kind) {
    case 'placed':
      return answer(201, { ...placement.order, receipt: receipts.sign(placement.order.id) });
    case 'unknown-product':
      return refusal(400, `There is no product ${wanted.product}.`);
    case 'out-of-stock':
      return refusal(409, `Only ${placement.left} of ${wanted.product} are left.`);
  }
}
