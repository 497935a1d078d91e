import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { JournalEvent } from '../journal/event.ts';
import { leftAsIs } from '../journal/left-as-is.ts';

/** How long a line waits at most until it is written. */
const FLUSH_MS = 20;

/**
 * The log file of one deployment, `.slipway/logs/deployments/ID.log`: what happened and what steps said, a line
 * each, with times. Takes only what was redacted before. A log that can't be written doesn't stop a deployment.
 */
export class DeploymentLog {
  readonly file: string;
  readonly #stream: WriteStream;
  /** Written together: one write for each line would cost as much as a short step. */
  #lines: string[] = [];

  constructor(stateDirectory: string, deployment: string) {
    const folder = join(stateDirectory, 'logs', 'deployments');
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, `${deployment}.log`);
    this.#stream = createWriteStream(this.file, { flags: 'a', mode: 0o600 });
    this.#stream.on('error', () => {});
  }

  event(event: JournalEvent): void {
    this.#write(event.at, `${event.type}${event.step === null ? '' : ` ${event.step}`}${detailOf(event)}`);
  }

  line(step: string, text: string): void {
    this.#write(new Date().toISOString(), `${step} | ${text}`);
  }

  async close(): Promise<void> {
    this.#flush();
    await new Promise<void>((resolve) => this.#stream.end(resolve));
  }

  #write(at: string, text: string): void {
    if (this.#lines.push(`${at} ${text}\n`) === 1) setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): void {
    if (this.#lines.length > 0) this.#stream.write(this.#lines.join(''));
    this.#lines = [];
  }
}

function detailOf(event: JournalEvent): string {
  switch (event.type) {
    case 'step.succeeded':
      return ` ${event.data.durationMs} ms${leftAsIs(event.data) === undefined ? '' : ', unchanged'}`;
    case 'step.failed':
      return ` ${event.data.error.code}: ${event.data.error.message}${event.data.final ? '' : ` (again in ${event.data.retryInMs} ms)`}`;
    case 'step.unknown':
      return `: ${event.data.look}`;
    case 'step.settled':
      return ` ${event.data.as}: ${event.data.how}`;
    case 'step.skipped':
    case 'step.cancelled':
      return `: ${event.data.reason}`;
    case 'deployment.started':
      return ` ${event.data.kind} ${event.data.ship} by ${event.data.by}: ${event.data.command}`;
    case 'deployment.status':
      return ` ${event.data.status}${event.data.reason === undefined ? '' : `: ${event.data.reason}`}`;
    case 'deployment.ended':
      return ` ${event.data.status} after ${event.data.durationMs} ms${event.data.error ? `, ${event.data.error.code}: ${event.data.error.message}` : ''}`;
    default:
      return '';
  }
}
