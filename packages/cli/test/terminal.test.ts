import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { bin, Playground } from './playground.ts';

// On a real terminal: tmux is one that can be typed into, resized and read.

/** A terminal with the command line in it; keys are typed, the screen is read. */
class Terminal implements Disposable {
  readonly #server: string;
  readonly #play: Playground;

  constructor(play: Playground, server: string, { columns, rows }: { columns: number; rows: number }) {
    this.#play = play;
    this.#server = server;
    const shell = 'env -i PATH="$PATH" HOME="$HOME" TERM="$TERM" LANG=C.UTF-8 PS1="$ " sh';
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), shell);
  }

  slipway(command: string): void {
    this.type(`clear; '${process.execPath}' -C slipway-source '${bin}' ${command}; echo "ended with $?"`, 'Enter');
  }

  type(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** Waits until the screen matches, and returns it. */
  async shows(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const screen = this.screen();
      if (pattern.test(screen)) return screen;
      if (Date.now() > deadline) throw new Error(`The screen never showed ${pattern}:\n${screen}`);
      await sleep(50);
    }
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server');
  }

  #tmux(...args: string[]): string {
    const { stdout, stderr, status } = spawnSync('tmux', ['-L', this.#server, ...args], {
      cwd: this.#play.directory,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
    return stdout;
  }
}

describe.skipIf(!requirePart('tmux'))('on a terminal', () => {
  let play: Playground;
  let terminal: Terminal;
  let number = 0;

  beforeEach(() => {
    play = new Playground();
    number += 1;
    terminal = new Terminal(play, `slipway-test-${process.pid}-${number}`, { columns: 90, rows: 40 });
  });
  afterEach(() => {
    terminal[Symbol.dispose]();
    play[Symbol.dispose]();
  });

  function project(environment: string, names: readonly string[]): void {
    const resources = names.map((name) => {
      const create = `i=0; until test -e go-${name}; do i=$((i+1)); echo round $i of a rather long story that is told on one line; sleep 0.1; done; echo {}`;
      return `  ${name}: { type: local:command, create: "${create}", find: "exit 1", delete: "true" }`;
    });
    play.write({
      'slipway.yaml': `name: demo\nenvironments: { dev: ${environment} }\nresources:\n${resources.join('\n')}\n`,
    });
  }

  test('asks, and changes nothing for a no', async () => {
    project('{}', ['one']);
    terminal.slipway('deploy');
    await terminal.shows(/Go on with dev\? \(y\/N\)/);
    terminal.type('n', 'Enter');
    expect(await terminal.shows(/ended with 5/)).toContain('Nothing was changed');
    expect((await play.slipway('history')).stdout).toContain('Nothing was deployed yet');
  });

  test('whoever wants to steer what waits at its question is told that it has begun nothing', async () => {
    project('{}', ['one']);
    play.write({ 'go-one': '' });
    expect((await play.slipway('deploy', '--yes')).code).toBe(0);
    project('{}', ['two']);
    terminal.slipway('deploy');
    await terminal.shows(/Go on with dev\? \(y\/N\)/);
    for (const wish of ['abort', 'cancel', 'pause', 'continue']) {
      const said = await play.slipway(wish);
      expect(said).toMatchObject({ code: 5, stderr: expect.stringMatching(/Answer there, or end process \d+ on/) });
      expect(said.stdout + said.stderr).not.toContain('slipway rollback');
    }
    terminal.type('n', 'Enter');
    await terminal.shows(/ended with 5/);
  });

  test('Ctrl-C at the question changes nothing and gives 130', async () => {
    project('{}', ['one']);
    terminal.slipway('deploy');
    await terminal.shows(/Go on with dev/);
    terminal.type('C-c');
    expect(await terminal.shows(/ended with 130/)).toContain('nothing was changed');
  });

  test('a protected environment wants its name', async () => {
    project('{ protected: true }', ['one']);
    play.write({ 'go-one': '' });
    terminal.slipway('deploy');
    await terminal.shows(/dev is protected\. Type its name/);
    terminal.type('y', 'Enter');
    await terminal.shows(/ended with 5/);
    terminal.slipway('deploy --yes');
    await terminal.shows(/Type its name to go on:\s*$/m);
    terminal.type('dev', 'Enter');
    await terminal.shows(/ended with 0/);
  });

  test('shows what runs with its last line, for how long, against which estimate; what is done scrolls away', async () => {
    project('{}', ['one', 'two']);
    terminal.slipway('deploy --yes');
    const running = await terminal.shows(/round [1-9]\d+ of/);
    expect(running).toMatch(/Deploying dev {2}─+ {2}0 of 2 steps {2}[\d.]+s of ~1\.0s/);
    expect(running).toMatch(/\d\/2 resource:one create {2}[\d.]+s of ~1\.0s {2}round \d+ of a rather/);
    play.write({ 'go-one': '' });
    const half = await terminal.shows(/1 of 2 steps/);
    expect(half).toMatch(/^✔ resource:one\/create \d/m);
    expect(half).not.toMatch(/resource:one create {2}/);
    play.write({ 'go-two': '' });
    const ended = await terminal.shows(/ended with 0/);
    expect(ended).not.toContain('Deploying dev');
    expect(ended).toMatch(/✔ Deployment \S+ on dev .*completed/);
  });

  test('a narrower terminal leaves no pieces of the wider one', async () => {
    project('{}', ['one', 'two']);
    terminal.type('seq 100', 'Enter');
    await terminal.shows(/^100$/m);
    terminal.type(`'${process.execPath}' -C slipway-source '${bin}' deploy --yes; echo "ended with $?"`, 'Enter');
    await terminal.shows(/round ([5-9]|\d\d+) of/);
    terminal.resize(50, 40);
    await terminal.shows(/steps {2}.*…|Deploying dev.{0,35}…$/m);
    terminal.resize(34, 40);
    await terminal.shows(/Deploying dev.{0,20}…$/m);
    await sleep(1500);
    const screen = terminal.screen();
    expect(screen.match(/Deploying dev/g)).toHaveLength(1);
    expect(screen.match(/resource:(one|two) create/g)).toHaveLength(2);
    play.write({ 'go-one': '', 'go-two': '' });
    await terminal.shows(/ended with 0/);
  });

  test('Ctrl-C stops cleanly, resumable', async () => {
    project('{}', ['one']);
    terminal.slipway('deploy --yes');
    await terminal.shows(/round ([5-9]|\d\d+) of/);
    terminal.type('C-c');
    const screen = await terminal.shows(/ended with 130/);
    expect(screen).toContain('stopping cleanly; press Ctrl-C again to stop now');
    expect(screen).toContain('resume with: slipway resume -e dev');
  });

  test('status --watch shows a deployment from beside, until Ctrl-C', async () => {
    project('{}', ['one']);
    const run = play.start(['deploy', '--yes']);
    await run.printed('| round 1');
    terminal.slipway('status --watch');
    await terminal.shows(/in progress/);
    play.write({ 'go-one': '' });
    await terminal.shows(/completed/);
    terminal.type('C-c');
    await terminal.shows(/ended with 0/);
    await run.ended;
  });
});
