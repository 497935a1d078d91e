import type { RollingStrategy } from '../config/project.ts';
import { type RevisionRecord, slotsOf } from '../state/record.ts';
import { atLeast, mostMissing, slotsUpTo, weightsBy } from './instances.ts';
import { bake, endWith, firstRollout, takeBack } from './promotion.ts';
import { isOnStandby, returnToStandby } from './return-to-standby.ts';
import type { Move, Rollout, Strategy } from './rollout.ts';
import { RolloutSteps } from './rollout-steps.ts';

/**
 * Replaces the instances batch by batch: new ones start, answer and take part in the traffic, as many old ones leave it,
 * are drained and stopped. At no time do fewer than the wanted number less `maxUnavailable` take part (or as many as did
 * before, where that is less), nor do more run than the wanted number and `maxSurge` (or as many as did before). What a
 * broken rollout left isn't counted in that: it goes at the end, and the old instances that it replaced come back first.
 */
export const rolling: Strategy = (rollout, drafts) => {
  const { desired, active } = rollout;
  const { strategy } = desired.spec;
  const steps = new RolloutSteps(rollout, drafts);
  if (!active || active.id === desired.id || strategy.kind !== 'rolling') return firstRollout(rollout, steps);
  if (isOnStandby(rollout)) {
    return returnToStandby(rollout, steps, { active, drainMs: strategy.drainMs, keepOld: false });
  }
  const taken = takeBack(rollout, active, steps);
  return new Replacement(rollout, taken.active, strategy, steps).emit(taken.back);
};

/** How many instances come, and how many of the old ones go then. */
interface Batch {
  comes: number;
  goes: number;
}

/** The batches that replace `old` instances by `wanted` new ones. */
function batchesOf(strategy: RollingStrategy, old: number, wanted: number): Batch[] {
  const surge = atLeast(strategy.maxSurge, wanted);
  const missing = mostMissing(strategy, wanted);
  const most = Math.max(1, atLeast(strategy.batch, wanted));
  const batches: Batch[] = [];
  let [fresh, left] = [0, old];
  while (fresh < wanted || left > 0) {
    const comes = Math.max(0, Math.min(wanted + surge - fresh - left, wanted - fresh, most));
    fresh += comes;
    const goes = Math.max(0, Math.min(fresh + left - (wanted - missing), left, most));
    left -= goes;
    batches.push({ comes, goes });
  }
  return batches;
}

class Replacement {
  readonly #rollout: Rollout;
  readonly #active: RevisionRecord;
  readonly #strategy: RollingStrategy;
  readonly #steps: RolloutSteps;
  /** Old instances that still take part. */
  #old: number[];
  #new = 0;
  #isStaged = false;
  /** The switch that first gave the new revision traffic. */
  #first: string | undefined;
  #last: string[] = [];
  #checked: string[] | undefined;
  readonly #moves: Move[] = [];

  constructor(rollout: Rollout, active: RevisionRecord, strategy: RollingStrategy, steps: RolloutSteps) {
    this.#rollout = rollout;
    this.#active = active;
    this.#strategy = strategy;
    this.#steps = steps;
    this.#old = [...slotsOf(active)];
  }

  emit(back: readonly string[]): ReturnType<Strategy> {
    const { drainMs, bakeMs, analysis, pauseMs } = this.#strategy;
    const [steps, active] = [this.#steps, this.#active];
    this.#last = steps.migrate([...steps.begin(), ...back]);
    const before = this.#last;
    const batches = batchesOf(this.#strategy, this.#old.length, this.#rollout.instances);
    for (const [index, { comes, goes }] of batches.entries()) {
      const isLast = index === batches.length - 1;
      if (comes > 0) this.#come(index + 1, comes);
      this.#move(index + 1, goes, isLast);
      // Without something new there is nothing to wait and see of.
      if (!isLast) this.#leave(index + 1, goes, comes > 0 ? pauseMs : 0);
      this.#moves.at(-1)!.ends = this.#last;
    }
    const verified = steps.verify(this.#last);
    this.#moves.at(-1)!.ends = verified;
    const watched = analysis && this.#first ? steps.watch(analysis, [this.#first], verified) : [];
    const ready = bake(steps, bakeMs, analysis, [...verified, ...watched]);
    const checked = this.#checked ?? before;
    return endWith(this.#rollout, steps, { active, drainMs, keepOld: false, checked, moves: this.#moves, ready });
  }

  #come(batch: number, count: number): void {
    const { desired } = this.#rollout;
    const fresh = slotsUpTo(this.#new + count).slice(this.#new);
    this.#new += count;
    const steps = this.#steps;
    if (!this.#isStaged) {
      this.#isStaged = true;
      this.#last = steps.check(steps.stage(this.#last, count));
      // Where old ones had to go first, traffic moved before.
      if (this.#moves.length === 0) this.#checked = this.#last;
    } else {
      const scaled = steps.scale(`scale-${batch}`, desired.id, slotsUpTo(this.#new), this.#last);
      this.#last = steps.probe(`probe-${batch}`, desired.id, scaled, fresh);
    }
    const { minimumHealthyMs } = this.#strategy;
    if (minimumHealthyMs === 0) return;
    const held = steps.hold(`settle-${batch}`, minimumHealthyMs, 'new instances stay healthy for so long', this.#last);
    this.#last = steps.probe(`probe-settled-${batch}`, desired.id, held, fresh);
  }

  /** One switch lets in what came and closes what goes. */
  #move(batch: number, goes: number, isLast: boolean): void {
    const [fresh, old] = [this.#rollout.desired.id, this.#active.id];
    this.#old = this.#old.slice(0, this.#old.length - goes);
    const weights = weightsBy({ [fresh]: this.#new, [old]: this.#old.length });
    const slots = { [fresh]: slotsUpTo(this.#new), [old]: this.#old };
    const taking = Object.fromEntries(Object.entries(slots).filter(([id]) => weights[id] !== undefined));
    if (this.#first === undefined && this.#new > 0) this.#steps.beginWatch();
    const roles = isLast ? ({ [fresh]: 'active', [old]: 'standby' } as const) : {};
    const suffix = isLast ? 'switch' : `switch-${batch}`;
    this.#last = this.#steps.switch(suffix, { weights, roles, slots: taking }, this.#last);
    if (this.#new > 0) this.#first ??= this.#last[0]!;
    this.#moves.push({ begins: this.#last[0]!, ends: this.#last });
  }

  /**
   * What gets nothing new any more ends what it has. It stops only when the pause is over: until then it can take part
   * again at once.
   */
  #leave(batch: number, count: number, pauseMs: number): void {
    const { id } = this.#active;
    const steps = this.#steps;
    const gone = slotsOf(this.#active).slice(this.#old.length, this.#old.length + count);
    if (count > 0) this.#last = steps.drain(`drain-${batch}`, id, this.#strategy.drainMs, this.#last, gone);
    if (pauseMs > 0) this.#last = steps.hold(`hold-${batch}`, pauseMs, 'from batch to batch', this.#last);
    if (count > 0) this.#last = steps.scale(`shrink-${batch}`, id, [...this.#old], this.#last);
  }
}
