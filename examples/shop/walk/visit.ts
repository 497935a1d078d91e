import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// Users of a deployed shop: eight of them look at the products again and again, and what they got is counted.

const shop = join(import.meta.dirname, '..');
const VISITORS = 8;
/** From one look to the next. */
const BETWEEN_MS = 100;
const MOST_SECONDS = 3_600;

/** How often there was which answer: `200 of REVISION`, `no answer`. */
type Counts = Map<string, number>;

/**
 * Visits a service for so many seconds, printing each five what came of it. Ends early on Ctrl-C. Returns all of it in one line.
 */
export async function visit(environment = '', seconds = '60', service = 'backend'): Promise<string> {
  const forSeconds = Number(seconds);
  if (!environment || !Number.isInteger(forSeconds) || forSeconds < 1 || forSeconds > MOST_SECONDS)
    throw new Error(`Usage: walk.ts visit ENVIRONMENT [SECONDS, 1 to ${MOST_SECONDS}] [SERVICE]`);
  const url = new URL('/products', addressOf(environment, service));
  console.log(`${VISITORS} users look at ${url} for ${forSeconds} s. Ctrl-C ends it.`);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const [all, until] = [new Map() as Counts, performance.now() + forSeconds * 1_000];
  let some: Counts = new Map();
  const report = setInterval(() => {
    console.log(describe(some));
    some = new Map();
  }, 5_000);
  const visitOnce = async () => {
    const answer = await look(url);
    for (const counts of [all, some]) counts.set(answer, (counts.get(answer) ?? 0) + 1);
    await sleep(BETWEEN_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  };
  const visitors = Array.from({ length: VISITORS }, async () => {
    while (performance.now() < until && !stop.signal.aborted) await visitOnce();
  });
  await Promise.all(visitors);
  clearInterval(report);
  return `In all: ${describe(all)}`;
}

async function look(url: URL): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    await response.arrayBuffer();
    return `${response.status} of ${response.headers.get('x-revision') || 'nobody'}`;
  } catch {
    return 'no answer';
  }
}

function describe(counts: Counts): string {
  const lines = [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([answer, count]) => `${count} × ${answer}`);
  return lines.join(', ') || 'nothing yet';
}

/** Where users reach a service, as `slipway status` says. */
function addressOf(environment: string, service: string): string {
  const cli = join(dirname(createRequire(import.meta.url).resolve('slipway/package.json')), 'bin/slipway.js');
  const args = [cli, '-C', shop, '-e', environment, 'status', '--json'];
  const status = JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  ) as {
    services: { name: string; url?: string }[];
  };
  const url = status.services.find(({ name }) => name === service)?.url;
  if (url) return url;
  throw new Error(
    `${environment} has no ${service} yet. Deploy it first: npx slipway -C examples/shop deploy -e ${environment}`,
  );
}
