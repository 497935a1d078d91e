import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ServiceProject } from './service-project.ts';

// A health command belongs to its revision: it runs in its folder, with what the revision was given.

async function guarded(): Promise<ServiceProject> {
  const project = await ServiceProject.open();
  project.play.write({
    'web/server.js': `require('node:http').createServer((request, answer) => {
      answer.writeHead(request.headers.token === process.env.TOKEN ? 200 : 403).end(process.env.WORD);
    }).listen(Number(process.env.PORT), '127.0.0.1');
    `,
    'web/check.mjs': `import { existsSync, rmSync } from 'node:fs';
    console.log('asks with ' + process.env.TOKEN);
    if (existsSync(process.env.FAIL_ONCE)) { rmSync(process.env.FAIL_ONCE); process.exit(1); }
    const { status } = await fetch(process.env.SLIPWAY_URL, { headers: { token: process.env.TOKEN ?? '' } });
    process.exit(status === 200 && process.env.PORT && process.env.SLIPWAY_DATA_DIR ? 0 : 1);
    `,
  });
  return project;
}

const everythingUnder = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
    .join('\n');

test('it sees the secrets of its revision, also of an old one that gets the traffic back', async () => {
  await using project = await guarded();
  const { play } = project;
  const declare = (word: string, command = 'node check.mjs', deadline = '15s') => {
    project.declare(
      [],
      [`env: { TOKEN: "\${secret:TOKEN}", WORD: ${word}, FAIL_ONCE: ${join(play.directory, 'fail')} }`],
    );
    const config = readFileSync(join(play.directory, 'slipway.yaml'), 'utf8');
    const health = `health: { command: ${command}, interval: 50ms, timeout: 5s, healthyAfter: 1, deadline: ${deadline} }`;
    play.write({ 'slipway.yaml': config.replace(/health: .*/, health) });
  };
  const slipway = (token: string, ...args: string[]) => play.start(args, { TOKEN: token }).ended;
  const outputs: string[] = [];

  declare('one');
  expect(await slipway('first-token', 'deploy', '--yes')).toMatchObject({ code: 0 });
  expect(JSON.parse((await slipway('first-token', 'status', '--json')).stdout).services).toMatchObject([
    { health: 'healthy' },
  ]);
  play.write({ fail: '' });
  const sick = await slipway('other-token', 'status', '--json');
  expect(sick.stdout).toContain('asks with ***');
  outputs.push(sick.stdout, sick.stderr);
  declare('two');
  expect(await slipway('second-token', 'deploy', '--yes')).toMatchObject({ code: 0 });
  expect(await project.answer()).toBe('two');
  play.write({ fail: '' });
  const back = await slipway('second-token', 'rollback', '--yes', '-v');
  expect(back).toMatchObject({ code: 0 });
  expect(await project.answer()).toBe('one');
  expect(back.stdout).toContain('asks with');
  outputs.push(back.stdout, back.stderr);

  play.write({ 'web/refuse.mjs': "console.log('has ' + process.env.TOKEN); process.exit(1);" });
  declare('three', 'node refuse.mjs', '300ms');
  const refused = await slipway('third-token', 'deploy', '--yes', '-v');
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('has ');
  outputs.push(refused.stdout, refused.stderr, everythingUnder(join(play.directory, '.slipway')));
  for (const token of ['first-token', 'second-token', 'third-token']) expect(outputs.join('\n')).not.toContain(token);
});
