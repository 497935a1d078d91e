import { isOver, readDeployments } from './recorded.ts';
import { type Ended, type Kill, runSlipway, tellOf } from './slipway-process.ts';
import { Violation } from './violation.ts';

/** An undisturbed command must bring it to its end; so many may be needed when one can't. */
const MOST_UNDISTURBED = 3;

export interface Operation {
  directory: string;
  environment: string;
  /** The command that is killed. */
  args: readonly string[];
  kills: readonly Kill[];
  /** What a person types after a kill. */
  onward: 'resume' | 'the same again';
  /** Exit codes that an undisturbed command may end with. */
  codes: readonly number[];
  /** Told of each command that starts, with its number. */
  started?: (pid: number, command: number) => void;
}

export interface Carried {
  /** Those that were reached. */
  kills: Kill[];
  writes: number;
  last: Ended;
}

/** Runs a command, kills it as planned, and goes on as a person would until it is over. */
export async function carryThrough(operation: Operation): Promise<Carried> {
  const { directory, environment, codes, started } = operation;
  const before = await readDeployments(directory, environment);
  const planned = [...operation.kills];
  const carried: Omit<Carried, 'last'> = { kills: [], writes: 0 };
  let undisturbed = 0;
  for (let command = 0; ; command++) {
    const begun = (await readDeployments(directory, environment)).length > before.length;
    const again = command === 0 || !begun || operation.onward === 'the same again';
    const args = [...(again ? operation.args : ['resume', '-y']), '-e', environment];
    const kill = planned.shift();
    const tell = started && ((pid: number) => started(pid, command));
    const ended = await runSlipway({ directory, args, kill, writes: carried.writes, ...(tell && { started: tell }) });
    carried.writes = ended.writes ?? carried.writes;
    if (ended.killed && kill) {
      carried.kills.push(kill);
      continue;
    }
    if (ended.code === null || !codes.includes(ended.code)) throw new Violation(tellOf(args, ended));
    const deployments = await readDeployments(directory, environment);
    const over = again ? operation.onward === 'the same again' || isOver(deployments) : isOver(deployments);
    if (over && deployments.length >= before.length) return { ...carried, last: ended };
    if (++undisturbed >= MOST_UNDISTURBED) throw new Violation(`It does not come to an end: ${tellOf(args, ended)}`);
  }
}
