/** Waits until a URL answers with 200, at most 30 s. */
export async function answering(url: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
      await response.body?.cancel();
      if (response.ok) return;
    } catch {
      // Not yet.
    }
    if (performance.now() > deadline) throw new Error(`${url} doesn't answer.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
