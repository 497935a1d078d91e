/** A WebSocket to the sample service, through whatever stands before it. */
export class EchoSocket {
  readonly #socket: WebSocket;
  /** Resolves when the connection has ended, from either side. */
  readonly closed: Promise<void>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.addEventListener('close', () => resolve(), { once: true }));
  }

  static async open(url: string): Promise<EchoSocket> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'));
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error(`No WebSocket could be opened at ${url}.`)), {
        once: true,
      });
    });
    return new EchoSocket(socket);
  }

  /** Says something (at most 100 characters of ASCII) and returns what comes back. Rejects when the connection ends. */
  async echo(text: string): Promise<string> {
    const answer = new Promise<string>((resolve, reject) => {
      this.#socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true });
      void this.closed.then(() => reject(new Error('The WebSocket was closed before it answered.')));
    });
    this.#socket.send(text);
    return await answer;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}
