import { setTimeout as sleep } from 'node:timers/promises';
import { EchoSocket } from '@slipway/provider-testkit';

const ECHO_EVERY_MS = 200;

/** A visitor who never leaves: when the connection was ended for them, they come back. */
export class LastingSocket {
  /** When a connection ended that the visitor still wanted, in ms since 1970. */
  readonly cuts: number[] = [];
  /** Whatever else went wrong. */
  readonly reasons: string[] = [];
  messages = 0;
  #stopped = false;
  readonly #url: string;
  readonly #talking: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#talking = this.#talk();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#talking;
  }

  async #talk(): Promise<void> {
    while (!this.#stopped) {
      let socket: EchoSocket;
      try {
        socket = await EchoSocket.open(this.#url);
      } catch (error) {
        this.reasons.push(`at ${new Date().toISOString()}: ${error instanceof Error ? error.message : String(error)}`);
        continue;
      }
      try {
        await this.#talkOn(socket);
      } catch {
        this.cuts.push(Date.now());
      }
    }
  }

  async #talkOn(socket: EchoSocket): Promise<void> {
    while (!this.#stopped) {
      await socket.echo(`still here ${this.messages++}`);
      await sleep(ECHO_EVERY_MS);
    }
    await socket.close();
  }
}
