import type { Client, ClientChannel } from 'ssh2';
import { unreachable } from '../errors.ts';
import type { Fleet, Host } from '../options.ts';
import { connectHost, type Login } from './connect-host.ts';

/** sshd allows 10 sessions on one connection by default (`MaxSessions`); some are left for looking whether it answers. */
const SESSIONS = 8;
const OUTPUT_LIMIT = 64 * 1024 * 1024;
const ERRORS_LIMIT = 16 * 1024;
/** Unused for so long, the connection is closed. */
const IDLE_MS = 60_000;

/**
 * How every command ends what it says. The exit status of the channel doesn't always come: what is closed on this side
 * while the other is still ending gets none.
 */
const EXIT = /\nslipway-exit (\d+)\n$/;

/** A script for `sh` that runs another one, and says how it ended as {@link HostConnection.run} wants it. */
export function tellingItsEnd(script: string): string {
  return `(\n${script}\n)\ncode=$?\nprintf '\\nslipway-exit %s\\n' "$code" >&2\nexit "$code"`;
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * One login on a host, shared by all calls. It keeps the process alive only while a call is under way, and finds out
 * by itself that the host fell silent: nothing heard for the fleet's connect timeout, though asked half-way. Calls that
 * were given up before count: a host that has answered none of them is lost too, however short each was.
 */
export class HostConnection {
  readonly #host: Host;
  readonly #login: Login;
  readonly #silenceMs: number;
  readonly #waiting: (() => void)[] = [];
  readonly #watch: NodeJS.Timeout;
  #open = 0;
  #asking = false;
  #heardAt = Date.now();
  /** It was asked something and nothing has come from it since. */
  #isSilent = false;
  #lost: Error | undefined;

  static async open(host: Host, fleet: Fleet, closed: () => void): Promise<HostConnection> {
    return new HostConnection(host, await connectHost(host, fleet), fleet.connectTimeoutMs, closed);
  }

  private constructor(host: Host, login: Login, silenceMs: number, closed: () => void) {
    this.#host = host;
    this.#login = login;
    this.#silenceMs = silenceMs;
    const { client, socket } = login;
    client.setMaxListeners(0);
    client.removeAllListeners('close');
    client.removeAllListeners('error');
    client.on('error', (error) => {
      this.#lost ??= unreachable(host, error);
    });
    client.once('close', () => {
      this.#lost ??= unreachable(host, 'the connection was closed');
      clearInterval(this.#watch);
      for (const go of this.#waiting.splice(0)) go();
      closed();
    });
    socket.on('data', () => {
      this.#heardAt = Date.now();
      this.#isSilent = false;
    });
    socket.unref();
    this.#watch = setInterval(() => this.#look(), Math.max(50, silenceMs / 4));
    this.#watch.unref();
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Runs a command that is {@link tellingItsEnd} and waits for its end. Rejects when the host is lost, and with the signal's reason. */
  async run(command: string, input: Buffer | string, signal: AbortSignal): Promise<Ended> {
    await this.#enter(signal);
    try {
      return await this.#exchange(await this.#openChannel(command, signal), input, signal);
    } finally {
      this.#leave();
    }
  }

  close(): void {
    this.#login.client.end();
    this.#login.socket.destroy();
  }

  async #enter(signal: AbortSignal): Promise<void> {
    while (this.#open >= SESSIONS && !this.#lost) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    signal.throwIfAborted();
    if (this.#lost) throw this.#lost;
    if (this.#open === 0 && !this.#isSilent) {
      this.#heardAt = Date.now();
      this.#isSilent = true;
    }
    this.#open += 1;
    this.#login.socket.ref();
  }

  #leave(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#login.socket.unref();
    this.#waiting.shift()?.();
  }

  #openChannel(command: string, signal: AbortSignal): Promise<ClientChannel> {
    const client: Client = this.#login.client;
    return new Promise((resolve, reject) => {
      const lost = () => reject(this.#lost ?? unreachable(this.#host, 'the connection was closed'));
      const abort = () => reject(signal.reason);
      client.once('close', lost);
      signal.addEventListener('abort', abort, { once: true });
      client.exec(command, (error, channel) => {
        client.off('close', lost);
        signal.removeEventListener('abort', abort);
        if (error) reject(this.#lost ?? unreachable(this.#host, error));
        else if (signal.aborted) channel.close();
        else resolve(channel);
      });
    });
  }

  #exchange(channel: ClientChannel, input: Buffer | string, signal: AbortSignal): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const stdout = collector(OUTPUT_LIMIT);
      const stderr = collector(ERRORS_LIMIT);
      const abort = () => {
        channel.signal('TERM');
        channel.close();
        reject(signal.reason);
      };
      channel.on('data', stdout.add);
      channel.stderr.on('data', stderr.add);
      channel.on('error', () => {}); // Its close tells.
      channel.once('close', () => {
        signal.removeEventListener('abort', abort);
        const [whole, code] = EXIT.exec(stderr.text()) ?? [];
        if (whole !== undefined) {
          resolve({ code: Number(code), stdout: stdout.text(), stderr: stderr.text().slice(0, -whole.length) });
        } else reject(this.#lost ?? unreachable(this.#host, 'the connection was lost in the middle of a call'));
      });
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
      channel.end(input);
    });
  }

  /** Asks a host that is silent for half the time that it has; gives it up when it stays so. */
  #look(): void {
    const silent = Date.now() - this.#heardAt;
    if (this.#open === 0 && !this.#isSilent) {
      if (silent > IDLE_MS) this.close();
      return;
    }
    if (silent > this.#silenceMs) {
      this.#lost = unreachable(this.#host, `it has not answered for ${this.#silenceMs} ms`);
      // What the system still holds back must not reach the host when it is back: the call has failed.
      this.#login.socket.resetAndDestroy();
    } else if (silent > this.#silenceMs / 2 && !this.#asking) {
      // One question at a time: a slow host would run out of sessions.
      this.#asking = true;
      this.#login.client.exec(':', (error, channel) => {
        if (error) this.#asking = false;
        else channel.resume().once('close', () => (this.#asking = false));
      });
    }
  }
}

function collector(limit: number) {
  const parts: Buffer[] = [];
  let size = 0;
  return {
    add: (part: Buffer) => {
      parts.push(part);
      size += part.length;
      // The end is what tells.
      while (size - (parts[0]?.length ?? 0) >= limit) size -= parts.shift()?.length ?? 0;
    },
    text: () => Buffer.concat(parts).toString('utf8'),
  };
}
