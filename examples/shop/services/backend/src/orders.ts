import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

export interface OrderRequest {
  product: string;
  quantity: number;
  customer: string;
}

export interface Order extends OrderRequest {
  id: string;
  placedAt: string;
}

export type Placement =
  | { kind: 'placed'; order: Order }
  | { kind: 'unknown-product' }
  | { kind: 'out-of-stock'; left: number };

// Columns are named one by one, so that this code also runs on a database that is one migration ahead of it.
const columns = 'id, product, quantity, customer, placed_at AS placedAt';

export function listProducts(database: DatabaseSync): Record<string, unknown>[] {
  return database.prepare('SELECT id, title, price, stock FROM products ORDER BY id').all();
}

export function listOrders(database: DatabaseSync): Record<string, unknown>[] {
  return database.prepare(`SELECT ${columns} FROM orders ORDER BY placed_at DESC LIMIT 50`).all();
}

export function findOrder(database: DatabaseSync, id: string): Record<string, unknown> | undefined {
  return database.prepare(`SELECT ${columns} FROM orders WHERE id = ?`).get(id);
}

/** Takes the goods from stock and records the order, both or neither. */
export function placeOrder(database: DatabaseSync, request: OrderRequest): Placement {
  return atomically(database, () => {
    const found = database.prepare('SELECT stock FROM products WHERE id = ?').get(request.product);
    if (!found) return { kind: 'unknown-product' };
    if ((found.stock as number) < request.quantity) return { kind: 'out-of-stock', left: found.stock as number };
    const order: Order = { id: randomUUID(), ...request, placedAt: new Date().toISOString() };
    database.prepare('UPDATE products SET stock = stock - ? WHERE id = ?').run(request.quantity, request.product);
    database
      .prepare('INSERT INTO orders (id, product, quantity, customer, placed_at) VALUES (?, ?, ?, ?, ?)')
      .run(order.id, order.product, order.quantity, order.customer, order.placedAt);
    return { kind: 'placed', order };
  });
}

/** Puts the goods back and forgets the order. False: there is no such order. */
export function cancelOrder(database: DatabaseSync, id: string): boolean {
  return atomically(database, () => {
    const order = database.prepare('DELETE FROM orders WHERE id = ? RETURNING product, quantity').get(id);
    if (!order) return false;
    database
      .prepare('UPDATE products SET stock = stock + ? WHERE id = ?')
      .run(order.quantity as number, order.product as string);
    return true;
  });
}

function atomically<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
