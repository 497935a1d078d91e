import { Agent, request } from 'node:http';

/** One request that was answered. */
export interface Answered {
  /** When it was sent and answered, in ms since 1970. */
  sentAt: number;
  answeredAt: number;
  /** What answered says of itself in `x-release`; empty when nothing did. */
  release: string;
  status: number;
}

/** So many requests a second at a service of this machine, evenly, over a few kept connections; remembers each. */
export class SteadyTraffic {
  readonly answers: Answered[] = [];
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  readonly #timer: NodeJS.Timeout;
  #open = 0;

  constructor(url: string, perSecond: number) {
    this.#url = url;
    const every = 20;
    this.#timer = setInterval(() => {
      for (let n = 0; n < (perSecond * every) / 1_000; n++) this.#send();
    }, every);
  }

  /** The last request that this release answered; undefined when it never did. */
  last(release: string): Answered | undefined {
    return this.answers.findLast((one) => one.release === release);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#open > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    this.#agent.destroy();
  }

  #send(): void {
    if (this.#open >= 200) return;
    this.#open++;
    const sentAt = Date.now();
    const end = (status: number, release: string) => {
      this.#open--;
      this.answers.push({ sentAt, answeredAt: Date.now(), release, status });
    };
    const asked = request(this.#url, { agent: this.#agent, timeout: 10_000 }, (response) => {
      response.resume();
      response.once('close', () => end(response.statusCode ?? 0, String(response.headers['x-release'] ?? '')));
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => end(0, ''));
    asked.end();
  }
}
