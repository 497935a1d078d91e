import { nameOf } from '../address.ts';
import type { Settlement, StepContext, StepHandler, StepHandlers, StepOutcome } from '../execute/handler.ts';
import type { LeftAsIs } from '../journal/left-as-is.ts';
import { equalJson } from '../json.ts';
import { desiredRevision } from '../plan/desired-revision.ts';
import { sameWeights } from '../plan/same-weights.ts';
import type { DesiredRevision, Step, StepAction } from '../plan/step.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { configDigest, releaseFingerprint } from '../release/release-parts.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';

type StepOf<A extends StepAction> = Extract<Step, { action: A }>;

/** The service whose release turned out to be the one that runs, with that revision. */
interface Kept {
  record: ServiceRecord;
  active: RevisionRecord;
}

const NOTHING: StepOutcome = { changes: [] };
const LEFT: Settlement = { as: 'not-done', how: 'What runs is what is wanted: there was nothing to do.' };

/**
 * A rollout whose release depends on outputs that only the run can know may turn out to have nothing to roll out. Its
 * steps find that by themselves, each from the record and the outputs alone, so that a resume finds the same: then
 * nothing is migrated, staged, closed, tested, drained or retired. What is recorded is made sure of where it isn't
 * there: the revision runs, the router has its weights, and it answers from outside.
 */
export function leaveUnchanged(handlers: StepHandlers, registry: ProviderRegistry): StepHandlers {
  const nothing = async () => NOTHING;
  return {
    ...handlers,
    migrate: unlessItRuns(handlers.migrate, nothing),
    publish: unlessItRuns(handlers.publish, nothing),
    scale: unlessItRuns(handlers.scale, nothing),
    hold: unlessItRuns(handlers.hold, nothing),
    pause: unlessItRuns(handlers.pause, nothing),
    analyse: unlessItRuns(handlers.analyse, nothing),
    watch: unlessItRuns(handlers.watch, nothing),
    stage: unlessItRuns(handlers.stage, (step, context, kept) => stay(handlers.stage, registry, step, context, kept)),
    probe: unlessItRuns(handlers.probe, nothing),
    test: unlessItRuns(handlers.test, nothing),
    verify: unlessItRuns(handlers.verify, (step, context) => handlers.verify.run(step, context)),
    switch: unlessItRuns(handlers.switch, async (step, context, { record }) => {
      const closes = Object.keys(step.input.weights).length === 0;
      if (closes || (await hasWeights(registry, step, context, record))) return NOTHING;
      const input = { weights: record.weights, roles: {}, ...(record.routes ? { routes: record.routes } : {}) };
      return await handlers.switch.run({ ...step, input }, context);
    }),
    drain: unlessItRuns(handlers.drain, nothing),
    retire: unlessItRuns(handlers.retire, nothing, (step, { record }) => {
      // What a broken run left goes all the same.
      const role = record.revisions[step.input.revision]?.role;
      return role === 'staged' || role === 'baseline';
    }),
  };
}

/** `keep` takes the handler's place when the release runs already, but where it `applies` nevertheless. */
function unlessItRuns<A extends StepAction>(
  handler: StepHandler<A>,
  keep: (step: StepOf<A>, context: StepContext, kept: Kept) => Promise<StepOutcome>,
  applies: (step: StepOf<A>, kept: Kept) => boolean = () => false,
): StepHandler<A> {
  const keptBy = (step: StepOf<A>, context: StepContext) => {
    const kept = step.unless && whatRuns(step, step.unless, context);
    return kept && !applies(step, kept) ? kept : undefined;
  };
  return {
    async run(step, context) {
      const kept = keptBy(step, context);
      if (!kept) return await handler.run(step, context);
      const outcome = await keep(step, context, kept);
      if (outcome.changes.length > 0) return outcome;
      return { changes: [], detail: { unchanged: kept.active.id } satisfies LeftAsIs };
    },
    settle: async (step, context) => (keptBy(step, context) ? LEFT : await handler.settle(step, context)),
  };
}

/** The active revision, when what is wanted of it turns out to be the same release; undefined once it was replaced. */
function whatRuns(step: Step, wanted: DesiredRevision, context: StepContext): Kept | undefined {
  const record = context.record(step.subject);
  if (record?.kind !== 'service') return undefined;
  const active = activeRevision(record);
  if (!active || active.id === wanted.id) return undefined;
  const env = context.resolveForRecord(wanted.spec.env);
  const parts = { ...wanted.release.parts, config: configDigest(wanted.spec, env, wanted.secrets) };
  if (wanted.promoted && wanted.artifact !== active.release.artifact) return undefined;
  return releaseFingerprint(parts) === active.release.fingerprint ? { record, active } : undefined;
}

/** Records what else is declared; starts the active revision only where it doesn't run. */
async function stay(
  handler: StepHandlers['stage'],
  registry: ProviderRegistry,
  step: StepOf<'stage'>,
  context: StepContext,
  { record, active }: Kept,
): Promise<StepOutcome> {
  context.log(`${active.id} runs with exactly this release: it is left as it is`);
  const { tags, dependsOn, protect } = step.input;
  const running = await registry.requirePlatform(step.type, step.subject).list(context.call);
  const service = nameOf(step.subject);
  const found = running.find((one) => one.service === service && one.revision === active.id && one.state !== 'stopped');
  const slots = slotsOf(active);
  if (!found || !equalJson(found.slots ?? [0], slots)) {
    return await handler.run({ ...step, input: { ...step.input, revision: desiredRevision(active), slots } }, context);
  }
  const put: ServiceRecord = { ...record, tags, dependsOn, protect };
  return { changes: equalJson(put, record) ? [] : [{ put }] };
}

async function hasWeights(
  registry: ProviderRegistry,
  step: Step,
  context: StepContext,
  { weights, router }: ServiceRecord,
): Promise<boolean> {
  const there = registry.requireRouter(step.type, router, step.subject);
  return sameWeights(await there.weights(context.call, nameOf(step.subject)), weights);
}
