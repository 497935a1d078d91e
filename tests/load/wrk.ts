import { execFile } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'count-revisions.lua');

/** What wrk counted. */
export interface Load {
  requests: number;
  /** Answers with another status than 2xx. */
  badStatus: number;
  /** Connections that could not be made, reads, writes and time-outs that failed. */
  socketErrors: number;
}

/** Besides, who answered. */
export interface LoadByRevision extends Load {
  /** Answers by revision, where sample services stand behind the URL; `nobody`: it didn't say. */
  answered: Record<string, number>;
}

export type Connections = 'kept' | 'new';

/**
 * Loads a URL of this machine with wrk for some seconds, with connections that are kept or with a new one for
 * each request.
 */
export async function load(url: string, seconds: number, connections: Connections): Promise<LoadByRevision> {
  const header = connections === 'new' ? ['-H', 'Connection: close'] : [];
  const args = ['-t1', '-c16', `-d${seconds}s`, '--timeout', '10s', '-s', SCRIPT, ...header, url];
  const said = await new Promise<string>((resolve, reject) => {
    execFile('wrk', args, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout);
    });
  });
  return JSON.parse(said.trim().split('\n').at(-1) ?? '') as LoadByRevision;
}
