import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '@slipway/core/provider';
import { describe, expect } from 'vitest';
import { exchange } from '../load/exchange.ts';
import { waitUntil } from '../wait-until.ts';
import { checksOnPlatform, type OpenPlatformStand } from './checks-on-platform.ts';
import { textAt } from './instances.ts';
import type { PlatformStand } from './platform-stand.ts';

const SECRET = 'correct-horse-battery-staple';

export function describeOutput(open: OpenPlatformStand): void {
  const check = checksOnPlatform(open);
  describe('what goes in and comes out', () => {
    check('values and secrets reach the process; no secret shows in what the platform tells', async (stand) => {
      await stand.serve('r1', { env: { GREETING: 'good day = $HOME "x"', TOKEN: SECRET }, secrets: [SECRET] });
      const url = (await stand.urls('r1'))[0]!;
      expect(await textAt(url, '/env?name=GREETING')).toBe('good day = $HOME "x"');
      expect(await textAt(url, '/env?name=TOKEN')).toBe(SECRET);
      const recovered = await stand.platform.recover?.(stand.context(), stand.service);
      const told = [await stand.list(), recovered ?? [], await stand.endpoints('r1'), await readLogs(stand, 100)];
      expect(JSON.stringify(told)).not.toContain(SECRET);
    });

    check('logs are lines of a revision and a stream, the newest of them, in order', async (stand) => {
      await Promise.all([stand.serve('r1'), stand.serve('r2')]);
      await waitUntil('both have said what they say', async () => {
        const lines = await readLogs(stand, 100);
        const said = (revision: string, stream: string, text: string) =>
          lines.some((one) => one.revision === revision && one.stream === stream && one.text === text);
        const all = ['r1', 'r2'].every(
          (id) => said(id, 'stdout', `ready ${id}`) && said(id, 'stderr', `complains ${id}`),
        );
        return all || lines;
      });
      const url = (await stand.urls('r1'))[0]!;
      // What several instances say in one second has no order where an engine stamps lines by the second.
      await sleep(1_000);
      for (const word of ['one', 'two', 'three']) await exchange(new URL(`/say?text=${word}`, url));
      await waitUntil('the newest two are told', async () => {
        const newest = (await readLogs(stand, 2)).map(({ text }) => text);
        return newest.join() === 'two,three' || newest;
      });
      for (const { at } of await readLogs(stand, 100))
        expect(new Date(at).toISOString().slice(0, 10)).toBe(at.slice(0, 10));
    });

    check('logs are followed until the signal, revisions that come later included', async (stand) => {
      await stand.serve('r1');
      const abort = new AbortController();
      const seen: string[] = [];
      const following = follow(stand, abort.signal, seen);
      await waitUntil('what was said before is told', async () => seen.includes('r1 ready r1') || seen);
      await exchange(new URL('/say?text=later', (await stand.urls('r1'))[0]));
      await waitUntil('what is said is told', async () => seen.includes('r1 later') || seen);
      await stand.serve('r2');
      await waitUntil('who comes later is told', async () => seen.includes('r2 ready r2') || seen);
      abort.abort();
      await following;
    });
  });
}

async function readLogs(stand: PlatformStand, lines: number): Promise<LogLine[]> {
  const found: LogLine[] = [];
  const query = { service: stand.service, lines, follow: false };
  for await (const line of stand.platform.logs(stand.context(), query)) found.push(line);
  return found;
}

/** Ends with the signal, which counts as an end, however the platform shows it. */
async function follow(stand: PlatformStand, signal: AbortSignal, seen: string[]): Promise<void> {
  const query = { service: stand.service, lines: 100, follow: true };
  try {
    for await (const { revision, text } of stand.platform.logs(stand.context({ signal }), query))
      seen.push(`${revision} ${text}`);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
