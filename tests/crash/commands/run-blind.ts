import type { DeploymentReport } from '@slipway/core';
import { isOver, readDeployments } from '../recorded.ts';
import { type Ended, type Kill, runSlipway, tellOf } from '../slipway-process.ts';
import { Violation, violate } from '../violation.ts';
import type { Phase } from './phases.ts';
import { type Beginnings, ENVIRONMENT } from './prepare.ts';
import { type Effect, readEffects, readRepetitions } from './world.ts';

const IN_DOUBT = 7;

export interface BlindRun {
  kills: Kill[];
  /** Creations that a person had to look at. */
  doubts: number;
}

/**
 * The creation of resources that nothing can be looked for by token. After each kill what is in doubt must be
 * left alone, with exit code 7 and words that name it; then a person looks into the ledger and says what
 * is there. Throws a `Violation`.
 */
export async function runBlind(
  beginnings: Beginnings,
  phase: Phase,
  directory: string,
  kills: readonly Kill[],
): Promise<BlindRun> {
  beginnings.begin(phase, directory, false);
  const run: BlindRun = { kills: [], doubts: 0 };
  const planned = [...kills];
  let args = [...phase.args];
  for (let undisturbed = 0; undisturbed < 4; ) {
    const kill = planned.shift();
    const ended = await runSlipway({ directory, args: [...args, '--json', '-e', ENVIRONMENT], kill });
    if (ended.killed && kill) {
      run.kills.push(kill);
      // Killed before anything was put down, a resume finds nothing; then a person deploys again.
      args = (await readDeployments(directory, ENVIRONMENT)).length > 0 ? ['resume', '-y'] : [...phase.args];
      continue;
    }
    undisturbed++;
    if (ended.code === 0 && isOver(await readDeployments(directory, ENVIRONMENT))) {
      await beginnings.check(phase, directory);
      return run;
    }
    if (ended.code !== IN_DOUBT) throw new Violation(tellOf(args, ended));
    const steps = await checkDoubt(directory, args, ended);
    run.doubts += steps.length;
    args = ['resume', '-y', ...(await tellWhatIsThere(directory, steps))];
  }
  throw new Violation(`It does not come to an end: ${args.join(' ')}`);
}

interface Doubt {
  step: string;
  address: string;
  token: string;
}

/** Every step in doubt is named, with what a person needs to look for it; and nothing was made twice meanwhile. */
async function checkDoubt(directory: string, args: readonly string[], ended: Ended): Promise<Doubt[]> {
  const report = JSON.parse(ended.stdout) as DeploymentReport;
  const doubts = report.steps.filter(({ status }) => status === 'unknown');
  violate(doubts.length === 0, `Exit code 7, and no step is in doubt: ${tellOf(args, ended)}`);
  const twice = readRepetitions(directory);
  violate(twice.length > 0, `Done twice: ${twice.join(' ')}`);
  return doubts.map(({ id, subject }) => {
    const told = ended.stderr
      .split('\n')
      .find((line) => line.includes(`${subject}: `) && line.includes('SLIPWAY_TOKEN='));
    const token = /SLIPWAY_TOKEN=([0-9a-f]+)/.exec(told ?? '')?.[1];
    if (!token) throw new Violation(`${id} is in doubt, and no line says what to look for: ${tellOf(args, ended)}`);
    return { step: id, address: subject, token };
  });
}

/** What a person does: look for the token; import what is there, and have the rest done again. */
async function tellWhatIsThere(directory: string, doubts: readonly Doubt[]): Promise<string[]> {
  const effects = readEffects(directory);
  const redo: string[] = [];
  for (const { step, address, token } of doubts) {
    const there = effects.find((one: Effect) => one.action === 'create' && one.token === token);
    if (!there) {
      redo.push('--redo', step);
      continue;
    }
    const args = ['import', address, there.name, '-e', ENVIRONMENT];
    const ended = await runSlipway({ directory, args });
    if (ended.code !== 0) throw new Violation(tellOf(args, ended));
  }
  return redo;
}
