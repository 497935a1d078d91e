import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Problem } from '../../src/config/problem.ts';
import type { Project } from '../../src/config/project.ts';

export interface Request {
  directory: string;
  environment?: string;
  timeoutMs?: number;
}

export interface Outcome {
  project?: Project;
  code?: string;
  problems?: Problem[];
  /** Something that is no SlipwayError. */
  thrown?: string;
}

/** Loads all of them in one Node process of their own. */
export async function loadNatively(requests: readonly Request[]): Promise<{ outcomes: Outcome[]; stderr: string }> {
  const script = join(import.meta.dirname, 'load-in-node.ts');
  return await new Promise((resolve, reject) => {
    const limits = { maxBuffer: 256 * 1024 * 1024, timeout: 120_000 };
    const child = execFile(process.execPath, ['-C', 'slipway-source', script], limits, (error, stdout, stderr) => {
      if (error) reject(error);
      else resolve({ outcomes: JSON.parse(stdout), stderr });
    });
    child.stdin?.end(JSON.stringify(requests));
  });
}
