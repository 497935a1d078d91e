import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Order, Product } from './backend.ts';
import { type Html, html } from './html.ts';

interface Brand {
  name: string;
  currency: string;
  accent: string;
}

const brand = JSON.parse(readFileSync(join(import.meta.dirname, 'brand.json'), 'utf8')) as Brand;
const money = new Intl.NumberFormat('en', { style: 'currency', currency: brand.currency });

/** A whole page around `content`. `banner` is the line that tells environments apart. */
export function page(title: string, banner: string, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${brand.name} admin</title>
<style>
:root { color-scheme: light dark; --accent: ${brand.accent} }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem }
header p { background: var(--accent); color: white; padding: .25rem .75rem; border-radius: .25rem }
nav a { margin-right: 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8884 }
</style>
</head>
<body>
<header><p>${banner}</p><nav><a href="/">Orders</a><a href="/products">Products</a></nav></header>
<main><h1>${title}</h1>
${content}
</main>
</body>
</html>
`.text;
}

export function ordersTable(orders: Order[]): Html {
  if (orders.length === 0) return html`<p>No orders yet.</p>`;
  return html`<table>
<tr><th>Placed</th><th>Customer</th><th>Product</th><th>Quantity</th></tr>
${orders.map(
  (order) =>
    html`<tr><td>${order.placedAt}</td><td>${order.customer}</td><td>${order.product}</td><td>${order.quantity}</td></tr>\n`,
)}</table>`;
}

export function productsTable(products: Product[]): Html {
  return html`<table>
<tr><th>Product</th><th>Price</th><th>In stock</th></tr>
${products.map(
  (product) =>
    html`<tr><td>${product.title}</td><td>${money.format(product.price / 100)}</td><td>${product.stock}</td></tr>\n`,
)}</table>`;
}
