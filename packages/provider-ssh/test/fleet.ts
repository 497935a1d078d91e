import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallContext, JsonObject, RevisionRequest } from '@slipway/core/provider';
import {
  openTestPlace,
  type SshLab,
  type SystemdLab,
  startHosts,
  startSystemdHosts,
  type TestPlace,
} from '@slipway/provider-testkit';
import { sshPlatform } from '../src/platform/ssh-platform.ts';

const SERVER = `
const { REVISION, PORT, HOST } = process.env;
require('node:http').createServer((request, response) => {
  if (request.url === '/crash') process.exit(3);
  response.end(JSON.stringify({ revision: REVISION, pid: process.pid }));
}).listen(Number(PORT), HOST, () => console.log('listening', process.env.TOKEN ?? ''));
process.on('SIGTERM', () => process.exit(0));
`;

/** Hosts, an environment of their own on them, and a small service. */
export class TestFleet<Lab extends SshLab | SystemdLab = SshLab> {
  readonly lab: Lab;
  readonly #place: TestPlace;
  readonly #options: JsonObject;

  private constructor(lab: Lab, place: TestPlace, options: JsonObject) {
    this.lab = lab;
    this.#place = place;
    this.#options = options;
  }

  /** Hosts that are network namespaces: a systemd would start services of the whole machine. */
  static async open(count: number): Promise<TestFleet> {
    const lab = await startHosts(count);
    const hosts = lab.hosts.map(({ name, address, root }) => ({ name, address, root }));
    return new TestFleet(lab, await openTestPlace(), { hosts, user: 'root', supervisor: 'shell' });
  }

  static async openWithSystemd(count: number): Promise<TestFleet<SystemdLab>> {
    const lab = await startSystemdHosts(count);
    const hosts = lab.hosts.map(({ name, address }) => ({ name, address }));
    return new TestFleet(lab, await openTestPlace(), { hosts, user: 'root' });
  }

  get log(): readonly string[] {
    return this.#place.log;
  }

  context(
    change: { options?: JsonObject; epoch?: number; environment?: string; signal?: AbortSignal } = {},
  ): CallContext {
    const { options = {}, ...rest } = change;
    const { keyFile: key, knownHosts } = this.lab;
    return {
      ...this.#place.context,
      project: 'shop',
      platform: { use: 'ssh', ...this.#options, key, knownHosts, connectTimeout: '6s', ...options },
      ...rest,
    };
  }

  request(revision: string, change: Partial<RevisionRequest> = {}): RevisionRequest {
    const directory = join(this.lab.folder, `artifact-${revision}`);
    mkdirSync(join(directory, 'backend'), { recursive: true });
    writeFileSync(join(directory, 'backend', 'server.cjs'), `${SERVER}// ${revision}\n`);
    return {
      service: 'backend',
      revision,
      slots: this.lab.hosts.map((_, slot) => slot),
      artifact: { digest: `digest-of-${revision}`, directory },
      env: { REVISION: revision },
      record: { id: revision },
      spec: {
        path: 'backend',
        run: 'exec node server.cjs',
        port: 4000,
        env: {},
        health: { http: '/', intervalMs: 50, timeoutMs: 5_000, healthyAfter: 1, unhealthyAfter: 1, deadlineMs: 30_000 },
        tests: {},
        strategy: { kind: 'recreate' },
        stopGraceMs: 3_000,
      },
      ...change,
    };
  }

  async serve(context: CallContext, request: RevisionRequest): Promise<void> {
    await sshPlatform.publish?.(context, request);
    await sshPlatform.stage(context, request);
    const { service, revision, slots, spec } = request;
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const found = await sshPlatform.probe(context, { service, revision, slots, health: spec.health });
      if (found.kind === 'healthy') return;
    }
    throw new Error(`${revision} does not become healthy`);
  }

  async ask(context: CallContext, revision: string, slot: number): Promise<{ revision: string; pid: number }> {
    const all = await sshPlatform.endpoints(context, { service: 'backend', revisions: [revision] });
    const endpoint = all[revision]?.find((one) => one.slot === slot);
    const response = await fetch(`http://${endpoint?.host}:${endpoint?.port}/`, { headers: { connection: 'close' } });
    return (await response.json()) as { revision: string; pid: number };
  }

  /** The service's folder on a host whose root is a folder of this machine. */
  folder(this: TestFleet, index: number, environment = 'test'): string {
    return join(this.lab.hosts[index]!.root, 'shop', environment, 'backend');
  }

  async close(): Promise<void> {
    this.lab.stop();
    await this.#place.close();
  }
}
