import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 30;

/**
 * Asks again and again until the answer is true, at most 60 s; then throws with what it said last. Whatever else than
 * true it answers is why it isn't yet.
 */
export async function waitUntil(what: string, ask: () => Promise<unknown>, withinMs = 60_000): Promise<void> {
  const until = Date.now() + withinMs;
  for (;;) {
    const said = await ask();
    if (said === true) return;
    if (Date.now() > until) throw new Error(`Not within ${withinMs} ms: ${what} (${JSON.stringify(said)})`);
    await sleep(EVERY_MS);
  }
}
