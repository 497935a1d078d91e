import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, waitUntil } from '@slipway/provider-testkit';
import type { Declared } from '../../packages/provider-haproxy/src/config/declared.ts';
import { histogramRules } from '../../packages/provider-haproxy/src/config/histogram-rules.ts';
import { renderConfig } from '../../packages/provider-haproxy/src/config/render.ts';
import { isAnswered } from '../../packages/provider-haproxy/src/port.ts';

/** A HAProxy that is measured, or the one behind it that answers at once. */
export interface Balancer {
  kind: 'upstream' | 'with' | 'without';
  port: number;
  /** What it has used until now, in ms. */
  cpuMs(): number;
  end(): Promise<void>;
}

/** The kernel counts so many a second; see proc_pid_stat(5). */
const TICKS_PER_S = 100;

export async function startBalancer(
  kind: Balancer['kind'] | 'upstream',
  folder: string,
  upstream = 0,
): Promise<Balancer> {
  const own = join(folder, kind);
  mkdirSync(own);
  const port = await freePort();
  const text = kind === 'upstream' ? answering(port) : leading(own, port, upstream);
  writeFileSync(join(own, 'haproxy.cfg'), kind === 'without' ? withoutHistogram(text) : text);
  const child = spawn('haproxy', ['-db', '-f', 'haproxy.cfg'], { cwd: own, stdio: 'ignore' });
  await waitUntil(`HAProxy ${kind}`, () => isAnswered('127.0.0.1', port, AbortSignal.timeout(5_000)));
  return {
    kind,
    port,
    cpuMs: () => {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_S;
    },
    end: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const answering = (port: number) => `defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
frontend upstream
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string ok
`;

/** As Slipway writes it: two revisions, nine to one. */
function leading(folder: string, port: number, upstream: number): string {
  const endpoint = { slot: 0, host: '127.0.0.1', port: upstream };
  const health = {
    tcp: true,
    intervalMs: 1_000,
    timeoutMs: 1_000,
    healthyAfter: 1,
    unhealthyAfter: 3,
    deadlineMs: 5_000,
  };
  const declared: Declared = {
    shop: {
      service: 'shop',
      port,
      weights: { v1: 90, v2: 10 },
      backends: { v1: [endpoint], v2: [endpoint] },
      routes: [],
      health,
    },
  };
  const place = { folder, statsSocket: join(folder, 'stats.sock') } as Parameters<typeof renderConfig>[1]['place'];
  return renderConfig(declared, { place, bind: ['127.0.0.1'] }).text;
}

function withoutHistogram(text: string): string {
  const start = '  http-request set-var(txn.start) date(0,us)';
  const rules = new Set([...histogramRules('shop', true), start]);
  const lines = text.split('\n');
  const left = lines.filter((line) => !rules.has(line));
  if (lines.length - left.length !== rules.size)
    throw new Error('The config has other rules than those that are left out.');
  return left.join('\n');
}
