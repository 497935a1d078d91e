import { connect } from 'node:net';
import { refused, socketError } from '../errors.ts';

const ANSWER_WITHIN_MS = 5_000;
/** HAProxy reads a line of at most one buffer (16 KiB by default). */
const LONGEST_LINE = 8_000;

/**
 * One line of commands to HAProxy's runtime API, and what it answered (management guide, 9.3 and 9.4). Throws
 * `haproxy-unreachable` or `haproxy-not-permitted`, and the signal's reason when it was aborted.
 */
export async function ask(socket: string, line: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  try {
    return await exchange(socket, line, limit);
  } catch (error) {
    signal.throwIfAborted();
    throw socketError(socket, limit.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error);
  }
}

function exchange(socket: string, line: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    // The master's socket goes on waiting for commands unless it is told that there are no more.
    const connection = connect({ path: socket, allowHalfOpen: true });
    const parts: Buffer[] = [];
    const abort = () => connection.destroy(new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    connection.on('connect', () => connection.end(`${line}\n`));
    connection.on('data', (part: Buffer) => parts.push(part));
    connection.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    connection.on('error', reject);
    connection.on('close', () => {
      signal.removeEventListener('abort', abort);
      reject(new Error('closed without an answer'));
    });
  });
}

/**
 * Commands that answer with a word at most, as few lines as they fit in: those of one line take effect together.
 * Throws `haproxy-refused` for an answer that isn't known as good.
 */
export async function tell(socket: string, commands: readonly string[], signal: AbortSignal): Promise<void> {
  for (const line of linesOf(commands)) {
    const answer = (await ask(socket, line, signal)).split('\n').filter((words) => !isGood(words));
    if (answer.length > 0) throw refused(line, answer.join('\n'));
  }
}

function isGood(words: string): boolean {
  return words.trim() === '' || /^(New server registered|Server deleted)/.test(words);
}

function linesOf(commands: readonly string[]): string[] {
  const lines: string[] = [];
  for (const command of commands) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + command.length < LONGEST_LINE)
      lines[lines.length - 1] = `${last}; ${command}`;
    else lines.push(command);
  }
  return lines;
}
