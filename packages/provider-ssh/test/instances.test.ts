import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@slipway/provider-testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { sshPlatform } from '../src/platform/ssh-platform.ts';
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
