import { execFileSync } from 'node:child_process';
import type { CallContext, JsonObject, RevisionRequest } from '@slipway/core/provider';
import type { SshLab, SystemdLab } from '@slipway/provider-testkit';
import { waitUntil } from '@slipway/provider-testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { callHost } from '../src/connection/call-host.ts';
import { fleetOf } from '../src/options.ts';
import { sshPlatform } from '../src/platform/ssh-platform.ts';
import { TestFleet } from './fleet.ts';

const which = { service: 'backend', revision: 'r1' };

describe.each(['shell', 'systemd'] as const)('an instance that is to end, kept by %s', (keeper) => {
  const has = keeper === 'shell' ? requirePart('sshd') : requirePart('systemd-host');
  let fleet: TestFleet<SshLab | SystemdLab>;
  beforeAll(async () => {
    if (has) fleet = keeper === 'shell' ? await TestFleet.open(1) : await TestFleet.openWithSystemd(1);
  }, 60_000);
  afterAll(() => fleet?.close());

  const on = (script: string): string => {
    const { lab } = fleet;
    return (
      'on' in lab ? lab.on(0, 'sh', '-c', script) : execFileSync('sh', ['-c', script], { encoding: 'utf8' })
    ).trim();
  };
  /** Of this lab alone, where hosts share the processes of this machine. */
  const root = () => (keeper === 'shell' ? fleet.lab.folder : '/opt/slipway');
  const as = (environment: string, signal?: AbortSignal, options: JsonObject = {}) =>
    fleet.context({ environment, options, ...(signal ? { signal } : {}) });

  /** Answers on after its SIGTERM, as long as its grace, unless it is let go. */
  const slowToEnd = (environment: string, values = {}) => {
    const told = `/tmp/told-${fleet.lab.folder.split('-').at(-1)}-${environment}`;
    const server = `const { existsSync, writeFileSync } = require('node:fs');
      const { PORT, HOST } = process.env;
      const say = (request, response) => response.end(JSON.stringify({ pid: process.pid }));
      require('node:http').createServer(say).listen(Number(PORT), HOST);
      const end = () => existsSync('${told}.go') && process.exit(0);
      process.on('SIGTERM', () => { writeFileSync('${told}', ''); setInterval(end, 50); });`;
    const { spec, ...request } = fleet.request('r1', values);
    const run = `exec node -e "${server}"`;
    return {
      request: { ...request, spec: { ...spec, run, stopGraceMs: 120_000 } } satisfies RevisionRequest,
      untilTold: () => waitUntil('it is told to end', async () => on(`[ ! -e ${told} ] || echo told`) === 'told'),
      letGo: () => on(`: > ${told}.go`),
      forget: () => on(`rm -f ${told} ${told}.go`),
    };
  };
  const states = async (context: CallContext) =>
    (await sshPlatform.list(context)).map(({ state, slots, pid }) => ({ state, slots, pid }));
  const processes = () => Number(on(`pgrep -fc '${fleet.lab.folder.split('-').at(-1)}-[a-z]*[.]go' || :`));
  const ENDING = [{ state: 'stopped', slots: [], pid: undefined }];

  /** Begins to retire, and leaves it while the instance still answers. */
  async function beginToRetire(environment: string, slow: ReturnType<typeof slowToEnd>, how: string): Promise<number> {
    const abort = new AbortController();
    await fleet.serve(as(environment), slow.request);
    const { pid } = await fleet.ask(as(environment), 'r1', 0);
    const retired = sshPlatform.retire(as(environment, abort.signal), which);
    const given = expect(retired).rejects.toThrow();
    await slow.untilTold();
    if (how === 'given up') abort.abort(new Error('given up'));
    else on(`kill -9 $(pgrep -f 'host-[0-9a-f]*[.]sh ${root()}.* ${environment} remove')`);
    await given;
    return pid;
  }

  test.skipIf(!has).each(['given up', 'killed'])(
    'does not run, for anybody, when the call that ends it is %s; it is started anew once it has ended',
    async (how) => {
      const environment = `anew-${how.replace(' ', '-')}`;
      const slow = slowToEnd(environment);
      const before = await beginToRetire(environment, slow, how);
      const context = as(environment);
      expect((await fleet.ask(context, 'r1', 0)).pid).toBe(before);
      expect(await states(context)).toEqual(ENDING);
      const probe = { ...which, slots: [0], health: slow.request.spec.health };
      expect(await sshPlatform.probe(context, probe)).toEqual({
        kind: 'unhealthy',
        reason: 'on host0: its process is to end',
      });
      const at = { fleet: fleetOf(context), host: fleetOf(context).hosts[0]! };
      const asked = callHost(context, at, 'health', ['backend', 'r1', 5, 'http://localhost'], 'exit 0');
      expect(await asked).toMatchObject({ code: 1, stdout: 'it does not run any more\n' });
      const staged = sshPlatform.stage(context, { ...slow.request, leaveRunning: true });
      expect(await states(context)).toEqual(ENDING);
      slow.letGo();
      await staged;
      slow.forget();
      await waitUntil('it is healthy', async () => (await sshPlatform.probe(context, probe)).kind === 'healthy');
      const { pid } = await fleet.ask(context, 'r1', 0);
      expect(pid).not.toBe(before);
      expect(await states(context)).toEqual([{ state: 'running', slots: [0], pid }]);
      slow.letGo();
      await sshPlatform.retire(context, which);
      expect([await states(context), processes()]).toEqual([[], 0]);
      slow.forget();
    },
    60_000,
  );

  test.skipIf(!has)(
    'is retired by the call that comes again',
    async () => {
      const slow = slowToEnd('again');
      await beginToRetire('again', slow, 'given up');
      const retired = sshPlatform.retire(as('again'), which);
      expect(await states(as('again'))).toEqual(ENDING);
      slow.letGo();
      await retired;
      expect([await states(as('again')), processes()]).toEqual([[], 0]);
      slow.forget();
    },
    60_000,
  );
});
