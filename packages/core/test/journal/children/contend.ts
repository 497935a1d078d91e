/** Takes the lock from whoever has it and appends until it is fenced, some times. Arguments: file, name, times, the other's name. */
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { SlipwayError } from '../../../src/errors.ts';
import { openSqliteStore } from '../../../src/journal/sqlite/open-sqlite-store.ts';

const [file = '', name = '', times = '', other = ''] = process.argv.slice(2);
const store = await openSqliteStore({ file, key: new Uint8Array(32).fill(7) });
const written: number[] = [];
let fenced = 0;

/** When the other is done nobody fences any more. */
let alone = false;

while (fenced < Number(times) && !alone) {
  const held = await store.readLock('dev');
  const holder = { id: randomUUID(), host: 'h', pid: 1, processStart: null, user: name, command: name, since: '' };
  const replacing = held === undefined ? {} : { replacing: held.epoch };
  const result = await store.acquireLock('dev', holder, 60_000, replacing);
  if (result.kind !== 'acquired') continue;
  if (await appendUntilFenced(result.epoch)) fenced += 1;
  else alone = true;
}
writeFileSync(`${file}.done-${name}`, '');
await store.close();
process.stdout.write(JSON.stringify({ name, written, fenced }));

/** Gives up when the other has finished. */
async function appendUntilFenced(epoch: number): Promise<boolean> {
  while (!existsSync(`${file}.done-${other}`)) {
    try {
      const data = { command: name, by: name };
      const at = new Date().toISOString();
      const events = await store.append('dev', epoch, [
        { type: 'state.changed', deployment: null, step: null, at, data },
      ]);
      written.push(...events.map((event) => event.seq));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'fenced') return true;
      throw error;
    }
  }
  return false;
}
