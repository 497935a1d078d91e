import { execFile } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'count-revisions.lua');
/** For the last requests to be answered, in s. */
const TO_END_S = 1;

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
 * Loads a URL of this machine with wrk for some whole seconds, and one more to end in, with connections that are kept
 * or with a new one for each request. `at`: so many connections, default 16.
 */
export async function load(url: string, seconds: number, connections: Connections, at = 16): Promise<LoadByRevision> {
  const header = connections === 'new' ? ['-H', 'Connection: close'] : [];
  const limits = [`-d${seconds + TO_END_S}s`, '--timeout', '10s'];
  const args = ['-t1', `-c${at}`, ...limits, '-s', SCRIPT, ...header, url, '--', String(seconds)];
  const said = await new Promise<string>((resolve, reject) => {
    execFile('wrk', args, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout);
    });
  });
  return JSON.parse(said.trim().split('\n').at(-1) ?? '') as LoadByRevision;
}
