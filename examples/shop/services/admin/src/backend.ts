export interface Product {
  id: string;
  title: string;
  price: number;
  stock: number;
}

export interface Order {
  id: string;
  product: string;
  quantity: number;
  customer: string;
  placedAt: string;
}

/** Reads from the shop's backend. Throws with the address and the reason when it doesn't answer within 5 s. */
export class Backend {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  products(): Promise<Product[]> {
    return this.#read('/products');
  }

  orders(): Promise<Order[]> {
    return this.#read('/orders');
  }

  async #read<T>(path: string): Promise<T> {
    const url = new URL(path, this.#url);
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return (await response.json()) as T;
  }
}
