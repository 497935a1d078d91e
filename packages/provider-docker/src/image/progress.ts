import { createInterface } from 'node:readline';

/** How engines say at its end what a push came to. */
const PUSHED = /^\S+: digest: (sha256:[0-9a-f]{64}) size: \d+$/;
/** The most that is kept of what an engine said, for an error. */
const KEPT_LINES = 15;

interface Report {
  stream?: string;
  status?: string;
  id?: string;
  progress?: string;
  error?: string;
  errorDetail?: { message?: string };
  aux?: { ID?: string; Digest?: string };
}

/** How a build, push or pull ended. */
export interface Progress {
  /** The engine's words; undefined when it went well. */
  failure?: string;
  /** The last lines that were printed before. */
  tail: string[];
  /** The digest of what was pushed. */
  digest?: string;
}

/**
 * Reads an engine's stream of JSON reports to its end, and passes on each whole line that a person would read. Bars of
 * progress are left out. Rejects when the connection breaks.
 */
export async function followProgress(stream: NodeJS.ReadableStream, log: (line: string) => void): Promise<Progress> {
  const progress: Progress = { tail: [] };
  let unfinished = '';
  const say = (line: string) => {
    if (line.trim() === '') return;
    progress.tail.push(line);
    if (progress.tail.length > KEPT_LINES) progress.tail.shift();
    log(line);
  };
  // A broken connection is an error of the stream, and not one of the reader's that the loop would see.
  const broken = new Promise<never>((_, reject) => stream.once('error', reject));
  broken.catch(() => {});
  const read = async () => {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      const report = parse(line);
      if (report.error !== undefined) progress.failure = report.errorDetail?.message ?? report.error;
      const digest = report.aux?.Digest ?? PUSHED.exec(report.status ?? '')?.[1];
      if (digest !== undefined) progress.digest = digest;
      if (report.status !== undefined && report.progress === undefined) {
        say(report.id === undefined ? report.status : `${report.id}: ${report.status}`);
      }
      const lines = (unfinished + (report.stream ?? '')).split('\n');
      unfinished = lines.pop() ?? '';
      for (const one of lines) say(one);
    }
    say(unfinished);
  };
  await Promise.race([read(), broken]);
  return progress;
}

/** What is not JSON is words all the same. */
function parse(line: string): Report {
  if (line.trim() === '') return {};
  try {
    return JSON.parse(line) as Report;
  } catch {
    return { stream: `${line}\n` };
  }
}
