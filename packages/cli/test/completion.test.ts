import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { describeTree, flatten } from '../src/completion/command-tree.ts';
import { renderCompletion } from '../src/completion/render.ts';
import { buildWholeProgram } from '../src/program.ts';
import { Playground } from './playground.ts';

const tree = describeTree(await buildWholeProgram());

const words: [line: string[], offered: string[]][] = [
  [['dep'], ['deploy']],
  [
    ['deploy', '--on-failure', ''],
    ['rollback', 'stop', 'continue'],
  ],
  [
    ['-e', 'deploy', 'sta'],
    ['status', 'state'],
  ],
  [['-e', 'dev', 'state', 'l'], ['list']],
  [['graph', '--format', 'd'], ['dot']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['destroy', '--max'], ['--max-parallel']],
];

test('the tree has every command with its options', () => {
  const paths = flatten(tree).map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['deploy', 'state mv', 'audit verify', 'agent stop']));
  expect(flatten(tree).find(({ path }) => path === 'deploy')?.options).toContainEqual({
    flags: ['--on-failure'],
    description: 'what to do when a step fails',
    value: { kind: 'choices', choices: ['rollback', 'stop', 'continue'] },
  });
});

test.skipIf(!requirePart('bash'))('bash loads it and offers what fits', () => {
  using play = new Playground();
  const asks = words.map(([line]) => {
    const quoted = line.map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(slipway ${quoted}); COMP_CWORD=${line.length}; _slipway; echo "\${COMPREPLY[*]}"`;
  });
  play.write({ 'ask.bash': ['set -e', renderCompletion('bash', tree), ...asks].join('\n') });
  const { stdout, stderr } = spawnSync('bash', ['ask.bash'], { cwd: play.directory, encoding: 'utf8' });
  expect(stderr).toBe('');
  const answers = stdout.trimEnd().split('\n');
  for (const [index, [, offered]] of words.entries()) {
    expect(answers[index]?.split(' ')).toEqual(expect.arrayContaining(offered));
  }
  expect(answers[0]).toBe('deploy');
});

test.skipIf(!requirePart('fish'))('fish loads it and offers what fits', () => {
  using play = new Playground();
  const asks = words.map(
    ([line]) => `string join -- ' ' (complete -C 'slipway ${line.join(' ')}' | string split -f1 \\t)`,
  );
  play.write({ 'ask.fish': [renderCompletion('fish', tree), ...asks].join('\n') });
  const { stdout, stderr } = spawnSync('fish', ['--no-config', 'ask.fish'], { cwd: play.directory, encoding: 'utf8' });
  expect(stderr).toBe('');
  const answers = stdout.trimEnd().split('\n');
  for (const [index, [, offered]] of words.entries()) {
    expect(answers[index]?.split(' ')).toEqual(expect.arrayContaining(offered));
  }
});

test.skipIf(!requirePart('zsh'))('zsh loads it after compinit', () => {
  using play = new Playground();
  writeFileSync(join(play.directory, '_slipway.zsh'), renderCompletion('zsh', tree));
  const script = `autoload -U compinit; compinit -u -D; source ./_slipway.zsh; print $_comps[slipway] $+functions[_slipway]`;
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', script], { cwd: play.directory, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.trim()).toBe('_slipway 1');
});
