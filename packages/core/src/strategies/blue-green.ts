import type { BlueGreenStrategy } from '../config/project.ts';
import type { TrafficRoute } from '../provider/contract.ts';
import type { RevisionRecord } from '../state/record.ts';
import { bake, endWith, firstRollout, takeBack, withoutComparison } from './promotion.ts';
import { isOnStandby, returnToStandby } from './return-to-standby.ts';
import type { Move, Rollout, Strategy } from './rollout.ts';
import { RolloutSteps } from './rollout-steps.ts';

/**
 * Stages the new revision beside the old one, probes and tests it without traffic, shows it on its preview port and
 * watches it where that is asked for, moves all traffic at once or in steps, verifies from outside, drains the old one
 * and keeps it for an instant way back (or retires it).
 */
export const blueGreen: Strategy = (rollout, drafts) => {
  const { desired, active } = rollout;
  const { strategy } = desired.spec;
  const steps = new RolloutSteps(rollout, drafts);
  if (!active || active.id === desired.id || strategy.kind !== 'blue-green') return firstRollout(rollout, steps);
  if (isOnStandby(rollout)) {
    return returnToStandby(rollout, steps, { active, drainMs: strategy.drainMs, keepOld: strategy.keepOld });
  }
  const { gradual, previewPort } = strategy;
  // A preview leaves everybody with the old revision, as the first of several switches does.
  const holdsAll = gradual || previewPort !== undefined;
  const { back } = holdsAll ? takeBack(rollout, active, steps) : { back: [] };
  const staged = steps.stage(steps.migrate([...steps.begin(), ...back]));
  const tested = steps.check(staged);
  const { checked, routes } = validate(rollout, strategy, active, steps, tested);
  const moves: Move[] = [];
  steps.beginWatch();
  let before = checked;
  for (let weight = gradual?.step ?? 100; gradual && weight < 100; weight += gradual.step) {
    const weights = { [desired.id]: weight, [active.id]: 100 - weight };
    const moved = steps.switch(`switch-${weight}`, { weights, roles: {}, ...routes }, before);
    before = gradual.holdMs === 0 ? moved : steps.hold(`hold-${weight}`, gradual.holdMs, `${weight} % go to it`, moved);
    moves.push({ begins: moved[0]!, ends: before });
  }
  const roles: Record<string, RevisionRecord['role']> = { [desired.id]: 'active', [active.id]: 'standby' };
  const moved = steps.switch('switch', { weights: { [desired.id]: 100 }, roles }, before);
  const verified = steps.verify(moved);
  const first = moves[0]?.begins;
  const watched = strategy.after && first ? steps.watch(strategy.after, [first], verified) : [];
  const bakeMs = strategy.bakeMs || (withoutComparison(strategy.after) ? strategy.after!.durationMs : 0);
  const ready = bake(steps, bakeMs, strategy.after, [...verified, ...watched]);
  moves.push({ begins: moved[0]!, ends: verified });
  const { drainMs, keepOld } = strategy;
  return endWith(rollout, steps, { active, drainMs, keepOld, checked, moves, ready });
};

/** What is done with the new revision before it has traffic. */
function validate(
  rollout: Rollout,
  strategy: BlueGreenStrategy,
  active: RevisionRecord,
  steps: RolloutSteps,
  tested: string[],
): { checked: string[]; routes: { routes?: TrafficRoute[] } } {
  const { previewPort, validationMs, before } = strategy;
  let checked = tested;
  const revision = rollout.desired.id;
  const routes = previewPort === undefined ? {} : { routes: [{ revision, port: previewPort }] };
  if (previewPort !== undefined) {
    checked = steps.switch('preview', { weights: { [active.id]: 100 }, roles: {}, ...routes }, checked);
  }
  if (before) checked = steps.analyse('validate', before, validationMs || before.durationMs, checked);
  else if (validationMs > 0) {
    const held = steps.hold('validate', validationMs, 'it runs without traffic before the switch', checked);
    checked = steps.probe('probe-validated', revision, held);
  }
  if (strategy.switch === 'manual') {
    checked = steps.pause('pause', 'a person continues with the switch', checked);
  }
  return { checked, routes };
}
