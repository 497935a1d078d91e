import { SlipwayError } from '../errors.ts';
import { indexNeeds, type NeedsIndex } from '../graph/needs-index.ts';
import type { Step } from '../plan/step.ts';
import type { StepStatus } from '../report/report.ts';

/** Where each step of a plan stands, by number (its place in the plan). Pure bookkeeping; linear over a whole run. */
export class StepBoard {
  readonly index: NeedsIndex;
  readonly #steps: readonly Step[];
  readonly #status: StepStatus[];
  readonly #openNeeds: Int32Array;
  #open: number;

  /** Throws `cycle`, naming the path, and `plan-invalid` when a step is there twice or needs one that isn't. */
  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.index = indexNeeds(steps);
    refuseUnknownNeeds(steps, this.index);
    this.#status = new Array<StepStatus>(steps.length).fill('pending');
    this.#openNeeds = this.index.needCount.slice();
    this.#open = steps.length;
  }

  /** How many have not succeeded. */
  get open(): number {
    return this.#open;
  }

  status(step: number): StepStatus {
    return this.#status[step]!;
  }

  mark(step: number, status: Exclude<StepStatus, 'succeeded' | 'skipped'>): void {
    this.#status[step] = status;
  }

  /** Began, and has not ended; so does one that is tried again later, until that is called off. */
  isUnderWay(step: number): boolean {
    return this.#status[step] === 'running' || this.#status[step] === 'waiting';
  }

  /** Pending, with nothing left that it waits for. */
  isReady(step: number): boolean {
    return this.#openNeeds[step] === 0 && this.#status[step] === 'pending';
  }

  /** Marks it succeeded and returns the dependents that became ready by it. */
  succeed(step: number): number[] {
    this.#status[step] = 'succeeded';
    this.#open--;
    const ready: number[] = [];
    const { start, dependents } = this.index;
    for (let e = start[step]!; e < start[step + 1]!; e++) this.#release(dependents[e]!, ready);
    return ready;
  }

  /**
   * Marks it as one that won't succeed in this run, and everything pending that needs it, directly or not, as
   * skipped; so too what is pending of `others`. Returns that, and what became ready because it only had to wait for
   * the end of one of these.
   */
  lose(
    step: number,
    status: 'failed' | 'unknown' | 'cancelled',
    others: Iterable<number> = [],
  ): { skipped: number[]; ready: number[] } {
    this.#status[step] = status;
    const lost = [step];
    for (const other of others) {
      if (this.#status[other] !== 'pending') continue;
      this.#status[other] = 'skipped';
      lost.push(other);
    }
    const ready: number[] = [];
    const { start, dependents, orderOnly } = this.index;
    for (let at = 0; at < lost.length; at++) {
      const end = start[lost[at]! + 1]!;
      for (let e = start[lost[at]!]!; e < end; e++) {
        const dependent = dependents[e]!;
        if (orderOnly[e]) this.#release(dependent, ready);
        else if (this.#status[dependent] === 'pending') {
          this.#status[dependent] = 'skipped';
          lost.push(dependent);
        }
      }
    }
    return { skipped: lost.slice(1), ready: ready.filter((one) => this.isReady(one)) };
  }

  #release(dependent: number, ready: number[]): void {
    this.#openNeeds[dependent]!--;
    if (this.isReady(dependent)) ready.push(dependent);
  }

  snapshot(): Map<string, StepStatus> {
    return new Map(this.#steps.map((step, number) => [step.id, this.#status[number]!]));
  }
}

function refuseUnknownNeeds(steps: readonly Step[], index: NeedsIndex): void {
  if (index.numberOf.size < steps.length) {
    const twice = steps.find((step, number) => index.numberOf.get(step.id) !== number);
    throw invalid(`The plan has two steps "${twice?.id}".`, twice?.id);
  }
  for (const step of steps) {
    for (const before of [...step.needs, ...(step.after ?? [])]) {
      if (index.numberOf.has(before)) continue;
      throw invalid(`"${step.id}" waits for "${before}", which is not in the plan.`, step.id);
    }
  }
}

function invalid(message: string, subject: string | undefined): SlipwayError {
  return new SlipwayError('plan-invalid', message, {
    ...(subject === undefined ? {} : { subject }),
    hint: 'Make a new plan.',
  });
}
