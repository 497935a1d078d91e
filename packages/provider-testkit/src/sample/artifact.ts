import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServiceSpec, sha256 } from '@slipway/core/provider';
import { DOCKERFILE, SERVER_SOURCE } from './source.ts';

/** How a platform runs what it is given: the command of a spec, or an image made of its Dockerfile. */
export type Runs = 'process' | 'image';

/** Writes the sample service into a folder, as an artifact is laid out. */
export async function writeSample(folder: string): Promise<{ digest: string; directory: string }> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'server.mjs'), SERVER_SOURCE);
  await writeFile(join(folder, 'Dockerfile'), DOCKERFILE);
  return { digest: sha256(SERVER_SOURCE + DOCKERFILE), directory: folder };
}

/** How the sample service is declared. */
export function sampleSpec(runs: Runs, port: number, change: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    path: '.',
    ...(runs === 'process' ? { run: 'exec node server.mjs' } : { dockerfile: 'Dockerfile', containerPort: 8080 }),
    port,
    env: {},
    health: {
      http: '/healthz',
      intervalMs: 50,
      timeoutMs: 5_000,
      healthyAfter: 1,
      unhealthyAfter: 1,
      deadlineMs: 60_000,
    },
    tests: {},
    strategy: {
      kind: 'blue-green',
      drainMs: 10_000,
      keepOld: true,
      validationMs: 0,
      switch: 'automatic',
      bakeMs: 0,
    },
    stopGraceMs: 5_000,
    ...change,
  };
}
