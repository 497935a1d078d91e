import { execFile } from 'node:child_process';

/** What wrk counted. */
export interface Load {
  requests: number;
  /** Answers with another status than 2xx or 3xx. */
  badStatus: number;
  /** Connections that could not be made, reads, writes and time-outs that failed. */
  socketErrors: number;
}

/**
 * Loads a URL of this machine with wrk for some seconds, with connections that are kept or with a new one for
 * each request.
 */
export function load(url: string, seconds: number, connections: 'kept' | 'new'): Promise<Load> {
  const header = connections === 'new' ? ['-H', 'Connection: close'] : [];
  const args = ['-t1', '-c16', `-d${seconds}s`, '--timeout', '10s', ...header, url];
  return new Promise((resolve, reject) => {
    execFile('wrk', args, (error, stdout) => {
      if (error) reject(error);
      else resolve(countsOf(stdout));
    });
  });
}

function countsOf(text: string): Load {
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  return {
    requests: Number(/(\d+) requests in/.exec(text)?.[1] ?? 0),
    badStatus: Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
    socketErrors: socket ? socket.slice(1).reduce((sum, count) => sum + Number(count), 0) : 0,
  };
}
