import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { takeTurn } from '../src/machine-turn.ts';

const MODULE = JSON.stringify(join(import.meta.dirname, '../src/machine-turn.ts'));

describe.skipIf(process.platform !== 'linux')('the turn of a name', () => {
  test('is waited for until it is given back', async () => {
    const name = `test-${process.pid}-given-back`;
    const giveBack = await takeTurn(name);
    let isTaken = false;
    const second = takeTurn(name).then((again) => {
      isTaken = true;
      return again;
    });
    await sleep(600);
    expect(isTaken).toBe(false);
    await giveBack();
    const again = await second;
    await again();
  });

  test('is given back by a process that is killed', async () => {
    const name = `test-${process.pid}-killed`;
    const takes = `import(${MODULE}).then(({ takeTurn }) => takeTurn('${name}')).then(() => console.log('taken'))`;
    const args = ['--input-type=module', '-e', `${takes}; setInterval(() => {}, 1_000);`];
    const other = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    let isTaken = false;
    const next = takeTurn(name).then((giveBack) => {
      isTaken = true;
      return giveBack;
    });
    await sleep(600);
    expect(isTaken).toBe(false);
    other.kill('SIGKILL');
    const giveBack = await next;
    await giveBack();
  });
});
