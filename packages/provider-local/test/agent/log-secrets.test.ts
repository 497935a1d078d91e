import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { timesFile } from '../../src/agent/log-files.ts';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { until } from '../until.ts';
import { get, Playground } from './playground.ts';

const SECRET = 'p4ss/word+of "web"=';
const FORMS = [
  SECRET,
  Buffer.from(SECRET).toString('base64'),
  encodeURIComponent(SECRET),
  JSON.stringify(SECRET).slice(1, -1),
];
/** Prints its secret whole, encoded, and when it is asked, also in two pieces. */
const TALKATIVE = `
  const { SECRET } = process.env;
  const say = (text) => process.stdout.write(text);
  say('plain ' + SECRET + '\\n');
  say('basic ' + Buffer.from(SECRET).toString('base64') + ' ' + encodeURIComponent(SECRET) + '\\n');
  console.error(JSON.stringify({ SECRET }));
  require('node:http').createServer((question, answer) => {
    if (question.url === '/half') say('half ' + SECRET.slice(0, 7));
    else if (question.url === '/rest') say(SECRET.slice(7) + '\\nwhole\\n');
    else if (question.url === '/asked') say('asked ' + SECRET + '\\n');
    answer.end('ok');
  }).listen(process.env.PORT);`;

let ground: Playground;
beforeEach(() => {
  ground = new Playground();
});
afterEach(() => ground.close());

function logs(): string {
  const folder = join(ground.state, 'logs/dev/web');
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('');
}

const isClean = () => FORMS.every((form) => !logs().includes(form));

describe('a service that prints its secrets', () => {
  it('leaves none of them in its logs, in no usual form, and goes on writing', async () => {
    const request = { ...ground.request('r1', {}, { 'server.js': TALKATIVE }), env: { SECRET }, secrets: [SECRET] };
    const preview = await ground.serve(request);
    await get(`${preview}/half`);
    const stdout = join(ground.state, 'logs/dev/web/r1.stdout.log');
    // The agent has looked at the first half alone.
    const looks = () => (existsSync(timesFile(stdout)) ? readFileSync(timesFile(stdout), 'utf8') : '');
    await until(() => looks().includes(`${statSync(stdout).size} `));
    await get(`${preview}/rest`);
    await until(() => logs().includes('whole'));
    await until(isClean);
    expect(logs()).toMatch(/^plain \*{19}$/m);
    expect(logs()).toMatch(/^half \*{19}$/m);

    process.kill(await ground.agentPid(), 'SIGKILL');
    expect(await get(`${preview}/asked`)).toBe('ok');
    expect(await localPlatform.list(ground.context())).toHaveLength(1);
    await until(() => logs().includes('asked'));
    await until(isClean);

    await get(`${preview}/asked`);
    await localPlatform.retire(ground.context(), { service: 'web', revision: 'r1' });
    expect(isClean()).toBe(true);
  });

  it('leaves none either where it runs on with an old one beside instances that have the new one', async () => {
    const given = (slots: number[], secret: string, leaveRunning: boolean) => ({
      ...ground.request('r1', { slots }, { 'server.js': TALKATIVE }),
      env: { SECRET: secret },
      secrets: [secret],
      leaveRunning,
    });
    const preview = await ground.serve(given([0], SECRET, false));
    await ground.serve(given([0, 1], 'the-rotated-one', true));
    process.kill(await ground.agentPid(), 'SIGKILL');
    expect(await localPlatform.list(ground.context())).toMatchObject([{ slots: [0, 1], restarts: 0 }]);
    await get(`${preview}/asked`);
    await until(() => /^asked \*{19}$/m.test(logs()));
    await until(isClean);
    // What crashes begins again with what it had.
    const [crashed] = (await localPlatform.list(ground.context())).map(({ pid }) => pid);
    process.kill(crashed!, 'SIGKILL');
    await until(async () => (await localPlatform.list(ground.context()))[0]?.restarts === 1);
    await until(() => logs().match(/^plain \*{19}$/gm)?.length === 2);
    await until(isClean);
    expect(logs()).not.toContain('the-rotated-one');
  });
});
