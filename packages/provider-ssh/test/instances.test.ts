import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@slipway/provider-testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { sshPlatform } from '../src/platform/ssh-platform.ts';
import { HOST_SCRIPT } from '../src/remote/host-script.ts';
import { RUN_SCRIPT, SUPERVISOR_SCRIPT } from '../src/remote/supervisor-script.ts';
import { TestFleet } from './fleet.ts';

describe.skipIf(!requirePart('sshd'))('instances on hosts', () => {
  let fleet: TestFleet;
  beforeAll(async () => {
    fleet = await TestFleet.open(1);
  });
  afterAll(() => fleet?.close());

  test('are retired, too, whose supervisor died before they could say their pid', async () => {
    const context = fleet.context({ environment: 'unsaid' });
    await fleet.serve(context, fleet.request('r1'));
    const { pid } = await fleet.ask(context, 'r1', 0);
    const release = join(fleet.folder(0, 'unsaid'), 'releases/r1');
    const supervisor = Number(readFileSync(join(release, 'state/supervisor'), 'utf8').split(' ')[0]);
    const began = join(fleet.lab.folder, 'began');
    execFileSync('cp', [join(release, 'run'), join(release, 'said-late')]);
    writeFileSync(
      join(release, 'run'),
      `echo $$ > ${began}.part; mv ${began}.part ${began}; sleep 5; exec sh ${release}/said-late\n`,
    );
    process.kill(pid, 'SIGKILL');
    await waitUntil('it begins to start again', async () => existsSync(began));
    process.kill(supervisor, 'SIGKILL');
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    const started = Number(readFileSync(began, 'utf8'));
    expect([existsSync(`/proc/${started}`), existsSync(release)]).toEqual([false, false]);
  });

  test('have variables of any name, also those that the scripts use, and change nothing else by them', async () => {
    const scripts = `${HOST_SCRIPT}\n${SUPERVISOR_SCRIPT}\n${RUN_SCRIPT}`;
    const assigned = scripts.matchAll(/(?:^|[\s;(])([A-Za-z]\w*)=/g);
    const looped = scripts.matchAll(/\b(?:for|read -r) ([a-z]\w*)/g);
    // Not what means something to others: Slipway's own, and the language, which Node reads.
    const names = [...assigned, ...looped].map(([, name = '']) => name).filter((name) => !/^SLIPWAY_|^LC_/.test(name));
    expect(names).toEqual(expect.arrayContaining(['release', 'said', 'found', 'name', 'pid']));
    const all = [...new Set([...names, 'script', 'slipway_script', 'IFS', 'CDPATH', 'ENV', 'PATH'])];
    const secret = 'correct-horse-battery-staple';
    const value = (name: string) => `/nowhere; echo ${name}; exit 9`;
    const env = { ...Object.fromEntries(all.map((name) => [name, value(name)])), TOKEN: secret, REVISION: 'r1' };
    const request = fleet.request('r1', { env, secrets: [secret] });
    const { http: _http, ...health } = request.spec.health;
    const command = `[ "$script" = "${value('script')}" ] && [ "$release" = "${value('release')}" ] && [ "$SLIPWAY_URL" ]`;
    const spec = { ...request.spec, run: `exec ${process.execPath} server.cjs`, health: { ...health, command } };
    const context = fleet.context({ environment: 'named' });
    await fleet.serve(context, { ...request, spec });
    const says = { ...health, command: 'echo "with $TOKEN"; exit 3' };
    expect(await sshPlatform.probe(context, { service: 'backend', revision: 'r1', health: says })).toEqual({
      kind: 'unhealthy',
      reason: 'on host0: the health command exited with code 3\nwith ***',
    });
    expect((await fleet.ask(context, 'r1', 0)).revision).toBe('r1');
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    expect(await sshPlatform.list(context)).toEqual([]);
  });

  test('say all that they say, also while their logs are turned over', async () => {
    const abort = new AbortController();
    const context = fleet.context({ environment: 'turned', signal: abort.signal });
    const write = `let n = 0; setInterval(() => { for (let i = 0; i < 40; i++) console.log(n++ + ' ' + 'ä€'.repeat(200)) }, 20)`;
    const request = fleet.request('r1');
    const run = `exec node -e "${write}; require('./server.cjs')"`;
    await fleet.serve(context, { ...request, spec: { ...request.spec, run } });
    const older = join(fleet.folder(0, 'turned'), 'log/r1/stdout.1');
    const numbers: number[] = [];
    for await (const { text } of sshPlatform.logs(context, { service: 'backend', lines: 0, follow: true })) {
      if (/^\d+ (ä€){200}$/.test(text)) numbers.push(Number.parseInt(text, 10));
      if (existsSync(older) && numbers.length > 12_000) abort.abort();
    }
    expect(numbers.length).toBeGreaterThan(12_000);
    expect(numbers).toEqual(Array.from(numbers, (_, index) => numbers[0]! + index));
    await sshPlatform.retire(fleet.context({ environment: 'turned' }), { service: 'backend', revision: 'r1' });
  });

  test('show no secret in the arguments of any process, from the upload to the end', async () => {
    const context = fleet.context({ environment: 'scanned' });
    const secret = 'correct-horse-battery-staple';
    const pattern = join(fleet.lab.folder, 'pattern');
    const found = join(fleet.lab.folder, 'found');
    // One process has a harmless word among its arguments, which proves that it is looked at.
    writeFileSync(pattern, `${secret}\nlook-for-me\n`);
    const look = `while :; do grep -aohf ${pattern} /proc/[0-9]*/cmdline; echo round; done 2> /dev/null >> ${found}`;
    const looking = spawn('sh', ['-c', look], { stdio: 'ignore' });
    try {
      const saying = spawn('sleep', ['60'], { argv0: 'look-for-me', stdio: 'ignore' });
      const said = () => (existsSync(found) ? readFileSync(found, 'utf8').split('\n') : []);
      await waitUntil('it looks', async () => said().includes('look-for-me'));
      saying.kill();
      const request = fleet.request('r1', { env: { REVISION: 'r1', TOKEN: secret }, secrets: [secret] });
      const { health, ...spec } = request.spec;
      const { http: _http, ...rest } = health;
      const asked = { ...rest, command: '[ "$TOKEN" = correct-horse-battery-stapl"e" ]' };
      const rounds = () => said().filter((line) => line === 'round').length;
      const before = rounds();
      for (const colour of ['red', 'blue']) {
        await fleet.serve(context, { ...request, spec: { ...spec, health }, env: { ...request.env, COLOUR: colour } });
        const probe = { service: 'backend', revision: 'r1', health: asked };
        expect(await sshPlatform.probe(context, probe)).toEqual({ kind: 'healthy' });
        await sshPlatform.activated?.(context, probe);
      }
      await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
      expect(rounds() - before).toBeGreaterThan(5);
      expect(said()).not.toContain(secret);
    } finally {
      looking.kill();
      await once(looking, 'exit');
    }
  });
});
