import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Version } from './peer.ts';
import { run } from './run.ts';

const SERVER = `const { createServer } = require('node:http');
const version = process.env.BENCH_VERSION;
const server = createServer((request, response) => response.end(version));
server.keepAliveTimeout = 75_000;
server.listen(process.env.PORT ?? 8080);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

const dockerfile = (version: Version) => `FROM node:26-slim
ENV BENCH_VERSION=${version} PORT=8080
COPY server.cjs /server.cjs
EXPOSE 8080
CMD ["node", "/server.cjs"]
`;

/** Builds the two versions of one small HTTP service, which ends its requests on SIGTERM, and says their names. */
export async function buildImages(): Promise<(version: Version) => string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-image-'));
  try {
    await writeFile(join(folder, 'server.cjs'), SERVER);
    for (const version of ['v1', 'v2'] as const) {
      await writeFile(join(folder, 'Dockerfile'), dockerfile(version));
      await run('docker', ['build', '-q', '-t', imageOf(version), folder]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return imageOf;
}

function imageOf(version: Version): string {
  return `slipway-bench:${version}`;
}
