import { LONGEST_DURATION_MS } from '../config/duration.ts';
import type { Analysis, ServiceSpec } from '../config/project.ts';
import { deadlineOf } from '../plan/health-deadline.ts';
import { isUnresolved } from '../plan/known-outputs.ts';
import type { DesiredRevision, StepWork } from '../plan/step.ts';
import type { StepDrafts } from '../plan/step-drafts.ts';
import type { RevisionRecord } from '../state/record.ts';
import { slotsUpTo } from './instances.ts';
import type { Rollout } from './rollout.ts';

type Of<Action extends StepWork['action']> = Extract<StepWork, { action: Action }>['input'];
type Needs = readonly string[];

/** What goes on besides waiting, at most, in ms. */
const MARGIN_MS = 60_000;
/** How long a person may take to continue, in ms: 7 days. */
const PAUSE_MS = 7 * 86_400_000;

/** The steps that strategies are made of: each method adds one and returns what the next one needs. */
export class RolloutSteps {
  readonly #rollout: Rollout;
  readonly #drafts: StepDrafts;
  readonly #taken = new Set<string>();
  #watchable = { estimateMs: 0, timeoutMs: 0 };

  constructor(rollout: Rollout, drafts: StepDrafts) {
    this.#rollout = rollout;
    this.#drafts = drafts;
  }

  get spec(): ServiceSpec {
    return this.#rollout.desired.spec;
  }

  /** Builds, and makes the release available where it will run. */
  begin(): string[] {
    const { publishes, desired, timeoutMs } = this.#rollout;
    if (!publishes) return this.built();
    return this.#add('publish', { action: 'publish', input: { revision: desired } }, this.built(), { timeoutMs });
  }

  /** What a release that was published before needs: its artifact, where that isn't kept any more. */
  built(): string[] {
    const { build, needs } = this.#rollout;
    return build === undefined ? [...needs] : [...needs, build];
  }

  migrate(needs: Needs): string[] {
    const { migrations } = this.spec;
    if (!migrations) return [...needs];
    const input = { revision: this.#rollout.desired, migrations };
    return this.#add('migrate', { action: 'migrate', input }, needs, { timeoutMs: this.#rollout.timeoutMs });
  }

  /** The new revision with its first instances, without traffic. */
  stage(needs: Needs, instances = this.#rollout.instances): string[] {
    const { desired, tags, dependsOn, protect } = this.#rollout;
    const input = { revision: desired, ...some(slotsUpTo(instances)), tags, dependsOn, protect };
    return this.#add('stage', { action: 'stage', input }, needs);
  }

  /** A fresh revision of the old release, to compare with. */
  stageBaseline(revision: DesiredRevision, slots: number[], needs: Needs): string[] {
    const { tags, dependsOn, protect } = this.#rollout;
    const input: Of<'stage'> = { revision, slots, role: 'baseline', tags, dependsOn, protect };
    return this.#add('stage-baseline', { action: 'stage', input }, needs);
  }

  scale(suffix: string, revision: string, slots: number[], needs: Needs): string[] {
    return this.#add(suffix, { action: 'scale', input: { revision, slots } }, needs);
  }

  probe(suffix: string, revision: string, needs: Needs, slots?: number[], health = this.spec.health): string[] {
    const input = { revision, health, ...(slots ? { slots } : {}) };
    return this.#add(suffix, { action: 'probe', input }, needs, { timeoutMs: deadlineOf(health) });
  }

  /** Probe, then each test, one after another, against the revision alone. */
  check(needs: Needs): string[] {
    const { desired, tests, timeoutMs } = this.#rollout;
    let last = this.probe('probe', desired.id, needs);
    for (const { level, command } of tests) {
      const input = { revision: desired.id, level, command };
      last = this.#add(`test-${level}`, { action: 'test', input }, last, { timeoutMs, retries: 0 });
    }
    return last;
  }

  switch(suffix: string, input: Of<'switch'>, needs: Needs): string[] {
    return this.#add(suffix, { action: 'switch', input }, needs);
  }

  /**
   * Gives the old revision its instances and all of the traffic back: of what a broken rollout left, so whether or not
   * there is anything to roll out now.
   */
  takeBack({ id, spec }: RevisionRecord, slots: number[] | undefined): string[] {
    const always = { always: true };
    const scale = { action: 'scale', input: { revision: id, slots: slots ?? [] } } as const;
    const scaled = slots ? this.#add('scale-old', scale, [], always) : [];
    const probe = { action: 'probe', input: { revision: id, health: spec.health } } as const;
    const probed = this.#add('probe-old', probe, scaled, { ...always, timeoutMs: deadlineOf(spec.health) });
    const input = { weights: { [id]: 100 }, roles: {}, routes: [] };
    return this.#add('take-back', { action: 'switch', input }, probed, always);
  }

  hold(suffix: string, durationMs: number, why: string, needs: Needs): string[] {
    const work = { action: 'hold', input: { durationMs, why } } as const;
    return this.#add(suffix, work, needs, { timeoutMs: durationMs + MARGIN_MS, estimateMs: durationMs });
  }

  pause(suffix: string, why: string, needs: Needs): string[] {
    return this.#add(suffix, { action: 'pause', input: { why } }, needs, { timeoutMs: PAUSE_MS });
  }

  analyse(suffix: string, analysis: Analysis, durationMs: number, needs: Needs, baseline?: string): string[] {
    const input = { ...this.#compared(analysis, baseline), durationMs };
    const timeoutMs = durationMs * mostRounds(analysis) + analysis.initialDelayMs + MARGIN_MS + personTime(analysis);
    const estimateMs = durationMs + analysis.initialDelayMs;
    return this.#add(suffix, { action: 'analyse', input }, needs, { timeoutMs, estimateMs, retries: 0 });
  }

  /**
   * Measures beside the steps up to `until`, from the step that first gave traffic. To be added when these are there:
   * it lasts as long as they do.
   */
  watch(analysis: Analysis, needs: Needs, until: Needs, baseline?: string): string[] {
    const input = this.#compared(analysis, baseline);
    const { estimateMs, timeoutMs } = this.#watchable;
    // The others of a group may keep it waiting for as long as a person may.
    const others = this.#rollout.inLockstep ? PAUSE_MS : 0;
    const onMs = (mostRounds(analysis) - 1) * analysis.durationMs + analysis.initialDelayMs;
    const most = timeoutMs + onMs + MARGIN_MS + personTime(analysis) + others;
    return this.#add('watch', { action: 'watch', input }, needs, {
      timeoutMs: most,
      estimateMs,
      retries: 0,
      until: [...until],
    });
  }

  verify(needs: Needs, suffix = 'verify'): string[] {
    const { health } = this.spec;
    const input = { revision: this.#rollout.desired.id, health };
    return this.#add(suffix, { action: 'verify', input }, needs, { timeoutMs: deadlineOf(health) });
  }

  drain(suffix: string, revision: string, drainMs: number, needs: Needs, slots?: number[]): string[] {
    const input = { revision, drainMs, ...(slots ? { slots } : {}) };
    return this.#add(suffix, { action: 'drain', input }, needs, { timeoutMs: drainMs + 30_000 });
  }

  retire(revision: Pick<RevisionRecord, 'id' | 'spec'>, needs: Needs): string[] {
    const work = { action: 'retire', input: { revision: revision.id } } as const;
    const timeoutMs = revision.spec.stopGraceMs + 30_000;
    return this.#add(`retire-${revision.id}`, work, needs, { timeoutMs });
  }

  #compared(analysis: Analysis, baseline: string | undefined): Of<'watch'> {
    const { desired, active } = this.#rollout;
    return { revision: desired.id, stable: active?.id ?? null, baseline: baseline ?? null, analysis };
  }

  #add(
    wanted: string,
    work: StepWork,
    needs: Needs,
    options: {
      timeoutMs?: number | undefined;
      estimateMs?: number;
      retries?: number;
      until?: string[];
      /** Also where the release turns out to be the one that runs. */
      always?: boolean;
    } = {},
  ): string[] {
    const { address, platform, desired, active } = this.#rollout;
    let suffix = wanted;
    for (let number = 2; this.#taken.has(suffix); number++) suffix = `${wanted}-${number}`;
    this.#taken.add(suffix);
    // What is known now was compared by the planner; what isn't is compared again by each step.
    const { timeoutMs, always = false, ...rest } = options;
    const mayRun = !always && active !== undefined && active.id !== desired.id && isUnresolved(desired.spec.env);
    const id = this.#drafts.service(address, platform, suffix, work, {
      needs: [...needs],
      ...(mayRun ? { unless: desired } : {}),
      ...rest,
      ...(timeoutMs === undefined ? {} : { timeoutMs: Math.min(timeoutMs, LONGEST_DURATION_MS) }),
    });
    const draft = this.#drafts.get(id);
    if (draft) {
      this.#watchable.estimateMs += draft.estimateMs;
      this.#watchable.timeoutMs = Math.min(this.#watchable.timeoutMs + draft.timeoutMs, LONGEST_DURATION_MS);
    }
    return [id];
  }

  /** From here on a watch would measure. */
  beginWatch(): void {
    this.#watchable = { estimateMs: 0, timeoutMs: 0 };
  }
}

/** As often as an analysis may take its time again. */
function mostRounds({ onInconclusive }: Analysis): number {
  return onInconclusive.kind === 'extend' ? 1 + onInconclusive.times : 1;
}

/** What a person may take where the data don't tell. */
function personTime({ onInconclusive: policy }: Analysis): number {
  return policy.kind === 'pause' || (policy.kind === 'extend' && policy.else === 'pause') ? PAUSE_MS : 0;
}

/** One instance is what a revision has where nothing is said. */
function some(slots: number[]): { slots?: number[] } {
  return slots.length === 1 ? {} : { slots };
}
