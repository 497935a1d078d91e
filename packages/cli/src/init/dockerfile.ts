import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a Dockerfile says of the process that it starts. */
export interface DockerfileFacts {
  /** As a shell command. */
  run: string | undefined;
  port: number | undefined;
}

/** Reads the last CMD or ENTRYPOINT and the first EXPOSE; undefined when the folder has no Dockerfile. */
export function readDockerfile(folder: string, name = 'Dockerfile'): DockerfileFacts | undefined {
  const file = join(folder, name);
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8')
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/);
  const last = (word: string) => {
    const line = lines.findLast((text) => new RegExp(`^\\s*${word}\\s`, 'i').test(text));
    return line === undefined ? [] : wordsOf(line.trim().slice(word.length).trim());
  };
  const command = [...last('ENTRYPOINT'), ...last('CMD')].join(' ');
  const exposed = lines.map((line) => /^\s*EXPOSE\s+(\d+)/i.exec(line)?.[1]).find((port) => port !== undefined);
  return { run: command === '' ? undefined : command, port: exposed === undefined ? undefined : Number(exposed) };
}

/** `["node", "server.js"]` or `node server.js`. */
function wordsOf(text: string): string[] {
  if (!text.startsWith('[')) return [text];
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) ? words.map((word) => quoteIfNeeded(String(word))) : [];
  } catch {
    return [];
  }
}

function quoteIfNeeded(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
