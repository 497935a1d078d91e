import type { IncomingMessage } from 'node:http';
import type { OrderRequest } from './orders.ts';

const MAX_BYTES = 16_384;

/** The order in a request's body, or what is wrong with it, as a sentence. */
export async function readOrderRequest(request: IncomingMessage): Promise<OrderRequest | string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return `The body may have ${MAX_BYTES} bytes at most.`;
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return 'The body is not JSON.';
  }
  const { product, quantity, customer } = (body ?? {}) as Partial<Record<keyof OrderRequest, unknown>>;
  if (typeof product !== 'string') return 'product must be the id of a product.';
  if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 1)
    return 'quantity must be a whole number of at least 1.';
  if (typeof customer !== 'string' || customer.trim() === '') return 'customer must be a name.';
  return { product, quantity, customer };
}
