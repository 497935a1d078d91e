import type { Analysis, CanaryStep, CanaryStrategy } from '../config/project.ts';
import { desiredRevision } from '../plan/desired-revision.ts';
import type { TrafficRoute } from '../provider/contract.ts';
import type { RevisionRecord } from '../state/record.ts';
import { atLeast, neededFor, slotsUpTo } from './instances.ts';
import { bake, baselineOf, endWith, firstRollout, takeBack } from './promotion.ts';
import { isOnStandby, returnToStandby } from './return-to-standby.ts';
import type { Move, Rollout, Strategy } from './rollout.ts';
import { RolloutSteps } from './rollout-steps.ts';

/**
 * Gives the new revision more traffic step by step, each with as many instances as it needs, and measures. The old one
 * keeps all its instances until the new one has everything, was verified and watched on: the way back is one switch. All
 * of the new revision runs and answers before it gets everything.
 */
export const canary: Strategy = (rollout, drafts) => {
  const { desired, active } = rollout;
  const { strategy } = desired.spec;
  const steps = new RolloutSteps(rollout, drafts);
  if (!active || active.id === desired.id || strategy.kind !== 'canary') return firstRollout(rollout, steps);
  if (isOnStandby(rollout)) {
    return returnToStandby(rollout, steps, { active, drainMs: strategy.drainMs, keepOld: strategy.keepOld });
  }
  const ascent = new Ascent(rollout, active, strategy, steps);
  ascent.stage();
  for (const step of strategy.steps) ascent.take(step);
  return ascent.promote();
};

/** The way up of one canary. */
class Ascent {
  readonly #rollout: Rollout;
  readonly #active: RevisionRecord;
  readonly #strategy: CanaryStrategy;
  readonly #steps: RolloutSteps;
  readonly #baseline: string | undefined;
  readonly #moves: Move[] = [];
  #checked: string[] = [];
  /** What the next step needs. */
  #last: string[] = [];
  #instances = 0;
  #weight = 0;
  #routes: TrafficRoute[] = [];
  /** The step that gave the new revision its first traffic. */
  #first: string | undefined;

  constructor(rollout: Rollout, active: RevisionRecord, strategy: CanaryStrategy, steps: RolloutSteps) {
    this.#rollout = rollout;
    this.#active = active;
    this.#strategy = strategy;
    this.#steps = steps;
    this.#baseline = strategy.baseline ? baselineOf(active) : undefined;
  }

  stage(): void {
    const [strategy, steps] = [this.#strategy, this.#steps];
    this.#instances = this.#instancesAt(strategy.steps[0]);
    const { back } = takeBack(this.#rollout, this.#active, steps);
    const staged = steps.stage(steps.migrate([...steps.begin(), ...back]), this.#instances);
    this.#checked = this.#last = steps.check(staged);
    if (!this.#baseline) return;
    const fresh = { ...desiredRevision(this.#active), id: this.#baseline };
    const beside = steps.stageBaseline(fresh, slotsUpTo(this.#instances), staged);
    this.#checked = this.#last = [...this.#last, ...this.#probeBaseline('probe-baseline', this.#baseline, beside)];
  }

  take(step: CanaryStep): void {
    const weight = step.weight ?? this.#weight;
    const route = routeOf(step, this.#rollout.desired.id);
    if (route) this.#routes.push(route);
    const scaled = this.#scale(this.#instancesAt(step));
    if (scaled || route || weight !== this.#weight) this.#give(weight);
    this.#weight = weight;
    this.#stay(step);
    const move = this.#moves.at(-1);
    if (move) move.ends = this.#last;
  }

  promote(): ReturnType<Strategy> {
    const { desired, instances } = this.#rollout;
    const { bakeMs, analysis, background, drainMs, keepOld } = this.#strategy;
    const [steps, active] = [this.#steps, this.#active];
    this.#scale(instances);
    const risen = this.#last;
    if (this.#baseline) this.#dropBaseline(this.#baseline);
    const roles = { [desired.id]: 'active', [active.id]: 'standby' } as const;
    const moved = steps.switch('switch', { weights: { [desired.id]: 100 }, roles }, this.#last);
    const verified = steps.verify(moved);
    this.#moves.push({ begins: moved[0]!, ends: verified });
    // Nothing can be held against a baseline any more once that is gone.
    const until = this.#baseline ? risen : verified;
    const watches = analysis && background && this.#first !== undefined;
    const watched = watches ? steps.watch(analysis, [this.#first!], until, this.#baseline) : [];
    const ready = bake(steps, bakeMs, analysis, [...verified, ...watched]);
    return endWith(this.#rollout, steps, {
      active,
      drainMs,
      keepOld,
      retired: this.#baseline,
      checked: this.#checked,
      moves: this.#moves,
      ready,
    });
  }

  /** As many as asked for or as the weight needs, and never fewer than there are. */
  #instancesAt(step: CanaryStep | undefined): number {
    const wanted = this.#rollout.instances;
    const asked = step?.scale ? atLeast(step.scale, wanted) : neededFor(step?.weight ?? this.#weight, wanted);
    return Math.max(1, this.#instances, Math.min(asked, wanted));
  }

  /** Starts what is missing and waits until it answers. True: there are more instances now. */
  #scale(count: number): boolean {
    if (count <= this.#instances) return false;
    const fresh = slotsUpTo(count).slice(this.#instances);
    this.#instances = count;
    const steps = this.#steps;
    const scaled = steps.scale(`scale-${count}`, this.#rollout.desired.id, slotsUpTo(count), this.#last);
    let probed = steps.probe(`probe-${count}`, this.#rollout.desired.id, scaled, fresh);
    if (this.#baseline) {
      const beside = steps.scale(`scale-baseline-${count}`, this.#baseline, slotsUpTo(count), scaled);
      probed = [...probed, ...this.#probeBaseline(`probe-baseline-${count}`, this.#baseline, beside, fresh)];
    }
    this.#last = probed;
    return true;
  }

  #probeBaseline(suffix: string, baseline: string, needs: string[], slots?: number[]): string[] {
    return this.#steps.probe(suffix, baseline, needs, slots, this.#active.spec.health);
  }

  #give(weight: number): void {
    const routes = this.#routes.length > 0 ? { routes: [...this.#routes] } : {};
    if (this.#first === undefined) this.#steps.beginWatch();
    const weights = this.#weights(weight, this.#baseline !== undefined && weight < 100);
    const moved = this.#steps.switch(`switch-${weight}`, { weights, roles: {}, ...routes }, this.#last);
    this.#first ??= moved[0]!;
    this.#last = moved;
    this.#moves.push({ begins: moved[0]!, ends: moved });
  }

  /** The baseline has as much as the canary, as far as there is so much; the old revision has the rest. */
  #weights(weight: number, withBaseline: boolean): Record<string, number> {
    const beside = withBaseline ? Math.min(weight, 100 - weight) : 0;
    const shares = [
      [this.#rollout.desired.id, weight],
      [this.#baseline ?? '', beside],
      [this.#active.id, 100 - weight - beside],
    ] as const;
    return Object.fromEntries(shares.filter(([, share]) => share > 0));
  }

  #stay(step: CanaryStep): void {
    const steps = this.#steps;
    const weight = this.#weight;
    const analysis = this.#analysisAt(step);
    if (analysis && (step.holdMs !== undefined || step.analysis)) {
      const durationMs = step.holdMs ?? analysis.durationMs;
      this.#last = steps.analyse(`analyse-${weight}`, analysis, durationMs, this.#last, this.#baseline);
    } else if (step.holdMs) {
      this.#last = steps.hold(`hold-${weight}`, step.holdMs, `${weight} % go to it`, this.#last);
    }
    if (step.pause) this.#last = steps.pause(`pause-${weight}`, `a person continues from ${weight} %`, this.#last);
  }

  /** `null` says that there is none at this step. */
  #analysisAt(step: CanaryStep): Analysis | undefined {
    return step.analysis === undefined ? this.#strategy.analysis : (step.analysis ?? undefined);
  }

  /** Its share goes back to the old revision, then it goes; before the new one gets everything. */
  #dropBaseline(baseline: string): void {
    const steps = this.#steps;
    const routes = this.#routes.length > 0 ? { routes: [...this.#routes] } : {};
    const weights = this.#weights(this.#weight, false);
    const closed = steps.switch('close-baseline', { weights, roles: {}, ...routes }, this.#last);
    const drained = steps.drain('drain-baseline', baseline, this.#strategy.drainMs, closed);
    this.#last = steps.retire({ id: baseline, spec: this.#active.spec }, drained);
  }
}

function routeOf({ header, cookie }: CanaryStep, revision: string): TrafficRoute | undefined {
  if (header) return { revision, header: header.name, value: header.value };
  return cookie && { revision, cookie: cookie.name, value: cookie.value };
}
