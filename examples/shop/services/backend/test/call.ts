const base = process.env.SLIPWAY_URL;
if (!base) throw new Error('SLIPWAY_URL is not set; it names the backend to test, for example http://127.0.0.1:4000.');

export interface Reply<T> {
  status: number;
  body: T;
}

/** Calls the backend under test; gives up after 10 s. */
export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply<T>> {
  const response = await fetch(new URL(path, base), {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
}
