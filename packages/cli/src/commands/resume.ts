import type { Command } from 'commander';
import { collectList } from '../arguments.ts';
import { perform } from '../perform.ts';
import { stepsDone } from '../steps-done.ts';
import { addWaitFlag, type WaitFlag, waitOf, waitsForPeople } from '../wait-flag.ts';

interface Flags extends WaitFlag {
  redo?: string[];
  done?: string[];
}

export function define(command: Command): void {
  command
    .argument('[deployment]', 'its id (default: the newest that is not over)')
    .option(
      '--redo <steps>',
      'steps in doubt whose effect you looked for and did not find: run them again',
      collectList,
    )
    .option('--done <steps>', 'steps in doubt whose effect you looked for and found', collectList);
  addWaitFlag(command).action(
    perform<[string | undefined], Flags>(async (session, [deployment], { redo, done, ...flags }) => {
      const { operate } = await import('../operate.ts');
      const api = await session.open();
      const options = {
        ...(deployment === undefined ? {} : { deployment }),
        ...(redo === undefined ? {} : { redo }),
        ...(done === undefined ? {} : { done }),
      };
      return await operate(session, {
        confirm: false,
        waitForLockMs: waitOf(flags),
        waitForPerson: waitsForPeople(flags),
        doneBefore: await stepsDone(api, deployment),
        run: (opened, run) => opened.resume({ ...options, ...run }),
      });
    }),
  );
}
