import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLine } from '@slipway/core/provider';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { get, Playground } from '../agent/playground.ts';
import { until } from '../until.ts';

let ground: Playground;
beforeEach(() => {
  ground = new Playground();
});
afterEach(() => ground.close());

/** `/say?N` writes N numbered lines of 100 bytes to stdout; `/err` one to stderr. */
const TALKER = `
let number = 0;
require('node:http').createServer((request, response) => {
  if (request.url === '/err') console.error('wrong: grüße');
  const count = Number(request.url.split('?')[1] ?? 0);
  let text = '';
  for (let i = 0; i < count; i++) text += String(++number).padStart(99, '0') + '\\n';
  process.stdout.write(text, () => response.end());
}).listen(process.env.PORT);`;

async function read(lines: number): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const line of localPlatform.logs(ground.context(), { service: 'web', lines, follow: false })) {
    found.push(line);
  }
  return found;
}

it('gives the newest lines of every revision and stream, with what happened to it', async () => {
  const one = await ground.serve(ground.request('r1', {}, { 'server.js': TALKER }));
  await get(`${one}/say?500`);
  const two = await ground.serve(ground.request('r2', {}, { 'server.js': TALKER }));
  await get(`${two}/err`);
  const all = await read(1_000);
  expect(all.filter(({ stream }) => stream === 'stdout')).toHaveLength(500);
  expect(all.find(({ stream }) => stream === 'stderr')).toMatchObject({ revision: 'r2', text: 'wrong: grüße' });
  expect(all.filter(({ stream }) => stream === 'slipway').map(({ text }) => text)).toEqual([
    expect.stringMatching(/^started as process \d+ on port \d+$/),
    expect.stringMatching(/^started as process \d+ on port \d+$/),
  ]);
  for (const { at } of all) expect(new Date(at).toISOString()).toBe(at);
  const few = (await read(3)).filter(({ stream }) => stream === 'stdout');
  for (const { text } of few) expect(Number(text)).toBeGreaterThan(497);
  expect(await read(0)).toEqual([]);
});

it('rotates at 10 MB, keeps three, and followers miss nothing and see nothing twice', async () => {
  const preview = await ground.serve(ground.request('r1', {}, { 'server.js': TALKER }));
  const stop = new AbortController();
  const seen: number[] = [];
  const following = (async () => {
    const context = ground.context({ signal: stop.signal });
    for await (const line of localPlatform.logs(context, { service: 'web', lines: 0, follow: true })) {
      if (line.stream === 'stdout') seen.push(Number(line.text));
    }
  })();
  const directory = join(ground.state, 'logs/dev/web');
  const file = join(directory, 'r1.stdout.log');
  const [limit, lineBytes] = [10 * 1024 * 1024, 100];
  let said = 0;
  const say = async (count: number) => {
    await get(`${preview}/say?${count}`);
    said += count;
  };
  // What was said before the follower looked is not its to see.
  await until(async () => {
    await say(1);
    return seen.length > 0;
  });
  for (let round = 1; round <= 4; round++) {
    // Few lines cross the limit: what is written in the instant of a rotation may be lost, and the time is the keeper's.
    for (let size = 0; size <= limit; size = statSync(file).size) {
      await say(Math.max(1, Math.floor((0.9 * (limit - size)) / lineBytes)));
      await until(() => seen.at(-1) === said || seen.length);
    }
    await until(() => statSync(file).size === 0 || statSync(file).size);
    expect(existsSync(`${file}.${Math.min(round, 3)}`)).toBe(true);
  }
  await say(1);
  await until(() => seen.at(-1) === said);
  const [first] = seen;
  expect(seen.every((number, index) => number === (first as number) + index)).toBe(true);
  stop.abort();
  await following;
  expect(readdirSync(directory).filter((name) => name.startsWith('r1.stdout.log'))).toHaveLength(4);
  expect((await read(2)).map(({ text }) => Number(text))).toEqual([said - 1, said]);
});

it('outlive their revision', async () => {
  const request = ground.request('r1', {}, { 'server.js': TALKER });
  const preview = await ground.serve(request);
  await get(`${preview}/err`);
  await localPlatform.retire(ground.context(), request);
  expect((await read(10)).map(({ text }) => text)).toContain('wrong: grüße');
});
