import { expect, test } from 'vitest';
import { ManualClock } from '../src/index.ts';

test('time stands still until it passes; timers run in order, and those set on the way count', async () => {
  const clock = new ManualClock(100);
  const seen: string[] = [];
  const note = (what: string) => seen.push(`${what} at ${clock.now()}`);
  clock.after(30, () => note('late'));
  clock.after(10, () => {
    note('early');
    void Promise.resolve().then(() => clock.after(5, () => note('chained')));
  });
  const callOff = clock.after(20, () => note('never'));
  callOff();
  callOff();
  expect(clock.waiting).toBe(2);
  await clock.pass(9);
  expect([seen, clock.now()]).toEqual([[], 109]);
  await clock.pass(20);
  expect(seen).toEqual(['early at 110', 'chained at 115']);
  await clock.pass(1);
  expect(seen.at(-1)).toBe('late at 130');
  expect([clock.now(), clock.waiting]).toEqual([130, 0]);
});

test('time jumps from timer to timer until what is waited for is there, and not when nothing can bring it', async () => {
  const clock = new ManualClock();
  const wait = (delayMs: number) => new Promise<void>((resolve) => clock.after(delayMs, resolve));
  const work = async () => {
    await wait(60_000);
    await wait(3_600_000);
    return clock.now();
  };
  expect(await clock.until(work())).toBe(3_660_000);
  await expect(clock.until(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(clock.until(new Promise(() => {}))).rejects.toThrow('Nothing is left');
});
