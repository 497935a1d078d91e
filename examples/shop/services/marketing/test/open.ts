const base = process.env.SLIPWAY_URL;
if (!base) throw new Error('SLIPWAY_URL is not set; it names the site to test, for example http://127.0.0.1:4003.');

/** Opens a page of the site under test; gives up after 10 s. */
export async function open(path: string): Promise<{ status: number; type: string; text: string }> {
  const response = await fetch(new URL(path, base), { signal: AbortSignal.timeout(10_000) });
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
}
