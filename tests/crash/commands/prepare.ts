import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '@slipway/core';
import { readRecorded } from '../recorded.ts';
import { runSlipway, tellOf } from '../slipway-process.ts';
import { Violation } from '../violation.ts';
import { checkOrder, checkRestored, checkWorld } from './check.ts';
import type { Beginning, Phase } from './phases.ts';
import { writeProject } from './project.ts';

export const ENVIRONMENT = 'lab';

/** How a phase goes when nobody disturbs it. */
export interface Measured {
  /** Durable writes that were progress. */
  writes: number;
  durationMs: number;
}

/** What runs begin from: folders to copy, and what is recorded in them. */
export class Beginnings {
  readonly #root: string;
  readonly #states = new Map<Beginning, State>();

  constructor(root: string) {
    this.#root = root;
    mkdirSync(this.#folder('nothing'), { recursive: true });
    this.#states.set('nothing', new Map());
  }

  /** Makes a new folder that stands where the phase begins. */
  begin(phase: Phase, directory: string, finds = true): void {
    cpSync(this.#folder(phase.from), directory, { recursive: true, preserveTimestamps: true });
    writeProject(directory, phase.declared, { finds });
  }

  /** Throws a `Violation` unless everything is as it must be after the phase. */
  async check(phase: Phase, directory: string): Promise<void> {
    const recorded = await readRecorded(directory, ENVIRONMENT);
    await checkWorld(directory, phase.after, recorded);
    if (phase.from === 'nothing' || phase.after.length === 0) checkOrder(directory, phase.declared);
    if (phase.ends === 'rolled_back') checkRestored(recorded.state, this.#state(phase.from));
    if (phase.name === 'go-back') checkRestored(recorded.state, this.#state('made'));
  }

  /** Runs a phase undisturbed. Its end is where others begin. */
  async measure(phase: Phase): Promise<Measured> {
    const directory = join(this.#root, `undisturbed-${phase.name}`);
    this.begin(phase, directory);
    const args = [...phase.args, '-e', ENVIRONMENT];
    const ended = await runSlipway({ directory, args });
    if (ended.code !== phase.code) throw new Violation(`Undisturbed: ${tellOf(args, ended)}`);
    if (!ended.writes) throw new Violation(`The kill switch saw no durable write: ${tellOf(args, ended)}`);
    await this.check(phase, directory);
    const leadsTo: Partial<Record<string, Beginning>> = { create: 'made', change: 'changed' };
    const beginning = leadsTo[phase.name];
    if (beginning) {
      cpSync(directory, this.#folder(beginning), { recursive: true, preserveTimestamps: true });
      this.#states.set(beginning, (await readRecorded(directory, ENVIRONMENT)).state);
    }
    return { writes: ended.writes, durationMs: ended.durationMs };
  }

  #state(beginning: Beginning): State {
    return this.#states.get(beginning) as State;
  }

  #folder(beginning: Beginning): string {
    return join(this.#root, beginning);
  }
}
