const base = process.env.SLIPWAY_URL;
if (!base) throw new Error('SLIPWAY_URL is not set; it names the admin to test, for example http://127.0.0.1:4001.');

/** Opens a page of the admin under test; gives up after 10 s. */
export async function open(path: string, method = 'GET'): Promise<{ status: number; text: string }> {
  const response = await fetch(new URL(path, base), { method, signal: AbortSignal.timeout(10_000) });
  return { status: response.status, text: await response.text() };
}
