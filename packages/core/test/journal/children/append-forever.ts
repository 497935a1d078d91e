/** Appends until it is killed; says on stdout which sequence numbers were acknowledged. Arguments: file. */
import { writeSync } from 'node:fs';
import { resourceAddress } from '../../../src/address.ts';
import type { NewEvent } from '../../../src/journal/event.ts';
import { acquireEnvironmentLock } from '../../../src/journal/lock-keeper.ts';
import { openSqliteStore } from '../../../src/journal/sqlite/open-sqlite-store.ts';
import type { StateChange } from '../../../src/state/record.ts';

const [file = ''] = process.argv.slice(2);
const store = await openSqliteStore({ file, key: new Uint8Array(32).fill(7) });
const lock = await acquireEnvironmentLock({ store, environment: 'dev', command: 'append' });
writeSync(1, 'ready\n');

for (let turn = 0; ; turn += 1) {
  const group: NewEvent[] = [];
  for (let index = 0; index <= turn % 7; index += 1) group.push(changed(turn, index));
  const written = await store.append('dev', lock.epoch, group);
  writeSync(1, written.map((event) => `${event.seq} ${event.hash}\n`).join(''));
}

function changed(turn: number, index: number): NewEvent {
  const address = resourceAddress(`r${(turn * 3 + index) % 20}`);
  const put: StateChange = {
    put: {
      kind: 'resource',
      address,
      type: 'core:value',
      id: `${turn}`,
      properties: { input: 'x'.repeat(turn % 3_000) },
      outputs: {},
      secrets: {},
      dependsOn: [],
      tags: {},
      protect: false,
      replace: 'create-before-delete',
      token: 't',
    },
  };
  return {
    type: 'state.changed',
    deployment: null,
    step: null,
    at: new Date().toISOString(),
    data: { command: 'test', by: 'test' },
    changes: turn % 4 === 3 ? [{ remove: address }] : [put],
  };
}
