import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CallContext, JsonObject, LogLine, RevisionRequest, ServiceSpec } from '@slipway/core/provider';
import { openTestPlace, sampleSpec, type TestPlace, waitUntil } from '@slipway/provider-testkit';
import { dockerPlatform } from '../src/docker-platform.ts';

const run = promisify(execFile);

/** The engine's own command line: what tests look with, past what they test. */
export async function docker(...args: string[]): Promise<string> {
  return (await run('docker', args)).stdout.trim();
}

/** A service that answers its health, and says what it was given; of an image that needs no build. */
export const SERVE = serving("process.env.SAYS || 'ok'");

/** A command that answers with what a JavaScript expression says. */
export function serving(expression: string): string {
  const script = `require('http').createServer((q, s) => s.end(${expression})).listen(process.env.PORT)`;
  return `exec node -e "${script}; process.on('SIGTERM', () => process.exit(0))"`;
}

/** A project of its own on the machine's engine. What it made there is removed when it is closed. */
export class DockerStand {
  readonly project = `dockertest-${randomBytes(4).toString('hex')}`;
  readonly #place: TestPlace;
  readonly #platform: JsonObject;
  readonly #socket: string | undefined;

  private constructor(place: TestPlace, platform: JsonObject, socket: string | undefined) {
    this.#place = place;
    this.#platform = { use: 'docker', ...platform };
    this.#socket = socket;
  }

  /** `socket`: where to look at an engine of its own (`unix://…`). Default: the machine's engine. */
  static async open(platform: JsonObject = {}, socket?: string): Promise<DockerStand> {
    return new DockerStand(await openTestPlace(), platform, socket);
  }

  get log(): string[] {
    return this.#place.log;
  }

  get directory(): string {
    return this.#place.context.directory;
  }

  context(change: Partial<CallContext> = {}): CallContext {
    const { project } = this;
    return {
      ...this.#place.context,
      project,
      platform: this.#platform,
      signal: AbortSignal.timeout(100_000),
      ...change,
    };
  }

  request(change: Partial<Omit<RevisionRequest, 'spec'>> & { spec?: Partial<ServiceSpec> } = {}): RevisionRequest {
    const { dockerfile: _, ...plain } = sampleSpec('image', 4000, { image: 'node:26-slim', run: SERVE });
    const { spec, ...rest } = change;
    return {
      service: 'web',
      revision: 'r1',
      slots: [0],
      artifact: { digest: 'a'.repeat(64), directory: this.directory },
      env: {},
      record: { id: rest.revision ?? 'r1' },
      ...rest,
      spec: { ...plain, ...spec },
    };
  }

  /** A request for a revision that is built of these files. */
  async built(
    files: Record<string, string>,
    digest: string,
    change: Partial<ServiceSpec> = {},
  ): Promise<RevisionRequest> {
    const directory = join(this.directory, 'artifacts', digest);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(directory, 'web', name, '..'), { recursive: true });
      await writeFile(join(directory, 'web', name), text);
    }
    const { image: _image, run: _run, ...spec } = this.request().spec;
    const artifact = { digest: `${this.project}-${digest}`, directory };
    return { ...this.request(), artifact, spec: { ...spec, path: 'web', dockerfile: 'Dockerfile', ...change } };
  }

  async untilHealthy(request: RevisionRequest): Promise<void> {
    const { service, revision, spec, slots } = request;
    await waitUntil(`${revision} is healthy`, async () => {
      const result = await dockerPlatform.probe(this.context(), { service, revision, health: spec.health, slots });
      return result.kind === 'healthy' || result.reason;
    });
  }

  async serve(request: RevisionRequest): Promise<void> {
    await dockerPlatform.stage(this.context(), request);
    await this.untilHealthy(request);
  }

  /** The engine's own command line. */
  docker(...args: string[]): Promise<string> {
    return docker(...(this.#socket === undefined ? [] : ['-H', this.#socket]), ...args);
  }

  /** The project's containers by name, whoever made them. */
  async containers(): Promise<string[]> {
    const found = await this.docker('ps', '-aq', '--filter', `label=slipway.project=${this.project}`);
    return found.split('\n').filter((id) => id !== '');
  }

  async inspect(id: string | undefined): Promise<Record<string, never>> {
    return JSON.parse(await this.docker('inspect', id ?? ''))[0];
  }

  async logs(lines: number): Promise<LogLine[]> {
    const found: LogLine[] = [];
    for await (const line of dockerPlatform.logs(this.context(), { service: 'web', lines, follow: false }))
      found.push(line);
    return found;
  }

  async close(): Promise<void> {
    const mine = ['--filter', `label=slipway.project=${this.project}`];
    const remove = async (list: string[], ...how: string[]) => {
      const found = (await this.docker(...list, ...mine)).split('\n').filter((id) => id !== '');
      if (found.length > 0) await this.docker(...how, ...new Set(found));
    };
    await remove(['ps', '-aq'], 'rm', '-fv');
    await remove(['network', 'ls', '-q'], 'network', 'rm');
    await remove(['volume', 'ls', '-q'], 'volume', 'rm');
    await remove(['images', '-q'], 'rmi', '-f');
    await this.#place.close();
  }
}
