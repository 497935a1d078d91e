/** What may be wrong with a release that passes its health check, and the metric that is meant to see it. */
export const FAULTS = {
  /** One request in five fails. */
  errors: 'error-rate',
  /** Every request takes four times as long. */
  slow: 'p95',
  /** It keeps what it allocates, 40 MB a second, and dies when it has held on for as long as `DIES_AFTER_MS` says. */
  leak: 'memory',
  /** The health check is answered, and nothing else is. */
  hollow: 'error-rate',
} as const;
export type Fault = keyof typeof FAULTS;

/** A small service whose release says what is wrong with it, in a file beside it. */
export const SERVER = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const fault = readFileSync(new URL('./fault', import.meta.url), 'utf8').trim();
const kept = [];
const server = createServer((request, response) => {
  response.setHeader('x-release', fault);
  if (request.url === '/healthz') return response.end('ok');
  if (request.url === '/memory') return response.end(JSON.stringify({ megabytes: process.memoryUsage().rss / 1e6 }));
  const failed = fault === 'hollow' || (fault === 'errors' && Math.random() < 0.2);
  setTimeout(() => {
    response.statusCode = failed ? 500 : 200;
    response.end(fault);
  }, fault === 'slow' ? 200 : 50);
});
if (fault === 'leak') {
  setInterval(() => kept.push(Buffer.alloc(2e6, 1)), 50);
  setTimeout(() => process.exit(137), Number(process.env.DIES_AFTER_MS));
}
server.listen(process.env.PORT, process.env.HOST ?? '0.0.0.0');
process.on('SIGTERM', () => server.close());
`;
