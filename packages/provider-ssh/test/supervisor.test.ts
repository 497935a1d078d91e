import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@slipway/provider-testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { commandOf, processesIn, Supervised } from './supervised.ts';

const MEBIBYTE = 1024 * 1024;

describe.skipIf(process.platform !== 'linux')('the supervisor', () => {
  let subject: Supervised;
  afterEach(() => subject.close());

  const lines = (path: string) => subject.read(path).split('\n').filter(Boolean);
  const hasLine = (path: string, line: string) =>
    waitUntil(`${path} has ${line}`, async () => lines(path).includes(line));
  const kill = async (supervisor: ReturnType<Supervised['supervise']>) => {
    const gone = once(supervisor, 'exit');
    supervisor.kill('SIGKILL');
    await gone;
  };
  /** Says each start, and when it isn't the only one. */
  const ONE_ONLY = 'echo started >> starts\nexec 9> only\nflock -n 9 || echo twice >> doubles\n';

  test('turns logs over by size, keeps the newest, and masks on the way', async () => {
    const line = 'x'.repeat(90);
    const command = `yes "${line} secret" | head -n 330000; echo the end; exec sleep 600`;
    subject = new Supervised(command, { mask: 's/secret/***/g\n' });
    subject.supervise();
    await waitUntil('all of it was written', async () => subject.read('log/stdout').endsWith('the end\n'));
    const [newest, older] = ['stdout', 'stdout.1'].map((file) => statSync(join(subject.logs, file)).size);
    expect(newest).toBeLessThan(15 * MEBIBYTE);
    expect(older).toBeGreaterThanOrEqual(10 * MEBIBYTE);
    expect(older).toBeLessThan(15 * MEBIBYTE);
    const kept = `${subject.read('log/stdout.1')}${subject.read('log/stdout')}`.split('\n').slice(1, -2);
    expect(new Set(kept)).toEqual(new Set([`${line} ***`]));
  });

  test.each([
    ['as it is', ''],
    ['masked', 's/secret/***/g\n'],
  ])('reads on, %s, however often the service writes little', async (_how, mask) => {
    const count = 'i=0; while [ $i -lt 400 ]; do echo "line $i"; sleep 0.002; i=$((i + 1)); done';
    subject = new Supervised(`${count}; echo the end; exec sleep 600`, { mask });
    subject.supervise();
    await hasLine('log/stdout', 'the end');
    expect(lines('log/stdout').slice(0, 400)).toEqual(Array.from({ length: 400 }, (_, number) => `line ${number}`));
  });

  test('replaces what reads for it when that dies', async () => {
    const count = 'i=0; while :; do echo "line $i"; sleep 0.01; i=$((i + 1)); done';
    subject = new Supervised(count, { mask: 's/secret/***/g\n' });
    subject.supervise();
    await hasLine('log/stdout', 'line 10');
    // Those that mask, not those that are asked which sed they are, and end at once.
    const reading = () => processesIn(subject.folder).filter((pid) => /^sed .*-f/.test(commandOf(pid)));
    let readers: number[] = [];
    await waitUntil('one reads each stream', async () => {
      readers = reading();
      return readers.length === 2 || readers;
    });
    for (const pid of readers) process.kill(pid, 'SIGKILL');
    const before = lines('log/stdout').length;
    await waitUntil('it is read on', async () => lines('log/stdout').length > before + 100);
  });

  test('waits longer after each crash, up to half a minute', async () => {
    subject = new Supervised('exit 3');
    subject.replaceProgram('sleep', `[ "$1" = 0.1 ] || echo "$1" >> ${subject.folder}/waits\nexec /bin/sleep 0.01`);
    subject.supervise();
    await waitUntil('it started some times', async () => lines('waits').length >= 8);
    expect(lines('waits').slice(0, 8).map(Number)).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    expect(subject.read('log/slipway')).toContain('exited with code 3, next start in 16 s');
    expect(Number(subject.read('release/state/restarts'))).toBeGreaterThanOrEqual(7);
  });

  test('that is killed leaves the service alone; the next takes it back, with what it writes', async () => {
    subject = new Supervised(`${ONE_ONLY}while :; do [ ! -f word ] || { cat word; rm word; }; sleep 0.05; done`);
    const first = subject.supervise();
    const pid = await subject.process();
    await kill(first);
    subject.write('word', 'while nobody was there\n');
    await hasLine('log/stdout', 'while nobody was there');
    const second = subject.supervise();
    await waitUntil('it is taken back', async () => subject.read('log/slipway').includes(`took process ${pid} back`));
    subject.write('word', 'afterwards\n');
    await hasLine('log/stdout', 'afterwards');
    expect([await subject.process(), lines('starts').length]).toEqual([pid, 1]);
    process.kill(pid, 'SIGKILL');
    await waitUntil('it is started again', async () => lines('starts').length === 2);
    second.kill('SIGTERM');
    await once(second, 'exit');
    expect(subject.read('doubles')).toBe('');
    expect(existsSync(join(subject.release, 'state/process'))).toBe(false);
  });

  test('that dies before the process could say its pid starts no second one', async () => {
    subject = new Supervised(`${ONE_ONLY}exec sleep 600`);
    subject.write('release/said-late', subject.read('release/run'));
    subject.write('release/run', `echo > ${subject.folder}/began; sleep 5; exec sh ${subject.release}/said-late\n`);
    const first = subject.supervise();
    await waitUntil('it begins to start', async () => existsSync(join(subject.folder, 'began')));
    await kill(first);
    expect(subject.read('release/state/process')).toBe('');
    subject.supervise();
    const pid = await subject.process();
    await waitUntil('it is taken back', async () => subject.read('log/slipway').includes(`took process ${pid} back`));
    expect([lines('starts'), subject.read('doubles')]).toEqual([['started'], '']);
  });

  test('is there once, and so is what it runs, whenever one is killed and however many are started', async () => {
    subject = new Supervised(`${ONE_ONLY}/bin/sleep 0.2`);
    subject.replaceProgram('sleep', 'exec /bin/sleep 0.01');
    const began = Date.now();
    const alone = subject.supervise();
    await waitUntil('it started once', async () => lines('starts').length > 0);
    const startMs = Date.now() - began;
    await kill(alone);
    for (let round = 0; round < 25; round += 1) {
      const both = [subject.supervise(), subject.supervise()];
      await sleep(Math.random() * 4 * startMs);
      for (const supervisor of both) if (supervisor.exitCode === null) await kill(supervisor);
    }
    expect(lines('starts').length).toBeGreaterThan(5);
    for (let round = 0; round < 3; round += 1) {
      const all = Array.from({ length: 6 }, () => subject.supervise());
      const left = () => all.filter(({ exitCode }) => exitCode === null);
      await waitUntil('one is left', async () => left().length <= 1);
      expect(left()).toHaveLength(1);
      await kill(left()[0]!);
    }
    expect(subject.read('doubles')).toBe('');
  });

  test('ends a service that does not end by itself, after its grace', async () => {
    subject = new Supervised(`trap '' TERM\necho ready\nwhile :; do sleep 0.05; done`);
    const supervisor = subject.supervise(5);
    await hasLine('log/stdout', 'ready');
    const pid = await subject.process();
    supervisor.kill('SIGTERM');
    await once(supervisor, 'exit');
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});
