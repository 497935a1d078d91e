import { setTimeout as sleep } from 'node:timers/promises';

/** Tries until it is true; otherwise its last answer tells why not. */
export async function until(condition: () => Promise<unknown> | unknown, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await condition();
    if (answer === true) return;
    if (Date.now() > deadline) throw new Error(`It did not become true: ${String(answer)}`);
    await sleep(10);
  }
}
