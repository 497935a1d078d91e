import { SlipwayError } from '../../src/errors.ts';
import type { ExecuteOptions } from '../../src/execute/execution.ts';
import type { Settlement, StepContext, StepHandler, StepHandlers, StepOutcome } from '../../src/execute/handler.ts';
import type { Step } from '../../src/plan/step.ts';
import type { CallContext } from '../../src/provider/contract.ts';
import type { ResourceRecord } from '../../src/state/record.ts';
import { MemoryJournal } from './memory-journal.ts';

/** The world outside the engine: things that exist, and how often each was made. Survives every crash. */
export class Outside {
  readonly made = new Map<string, number>();
  readonly running = new Set<string>();
  /** Steps by id in the order their effect began. */
  readonly begun: string[] = [];

  make(token: string): void {
    this.made.set(token, (this.made.get(token) ?? 0) + 1);
  }
}

export const never = new Promise<never>(() => {});
export const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A handler that behaves as one of the functions says; by default it makes the thing named by the token. */
export interface Behaviour {
  run?: (step: Step, context: StepContext) => Promise<StepOutcome>;
  settle?: (step: Step, context: StepContext) => Promise<Settlement>;
}

/** Handlers of a process that acts on the world while it is alive; dead, its calls go nowhere. */
export function makersOf(world: Outside, isDead: () => boolean = () => false): Required<Behaviour> {
  const alive = async () => {
    await tick();
    if (isDead()) await never;
  };
  return {
    async run(step, context) {
      await alive();
      world.begun.push(step.id);
      world.running.add(step.id);
      world.make(context.token);
      await alive();
      world.running.delete(step.id);
      return { changes: [{ put: recordOf(step, context.token) }] };
    },
    async settle(step, context) {
      await alive();
      if (!world.made.has(context.token)) return { as: 'not-done', how: 'nothing is there' };
      const outcome = { changes: [{ put: recordOf(step, context.token) }] };
      return { as: 'done', outcome, how: 'it is there' };
    },
  };
}

export function recordOf(step: Step, token: string): ResourceRecord {
  const empty = { properties: {}, outputs: {}, secrets: {}, dependsOn: [], tags: {} };
  const guard = { protect: false, replace: 'delete-before-create' } as const;
  return { kind: 'resource', address: step.subject, type: step.type, id: token, token, ...empty, ...guard };
}

export function step(id: string, needs: string[] = [], traits: Partial<Omit<Step, 'action' | 'input'>> = {}): Step {
  return {
    id,
    subject: `resource:${id}`,
    action: 'record',
    input: { removes: [], puts: [] },
    needs,
    wave: 1,
    estimateMs: 10,
    timeoutMs: 60_000,
    retries: 0,
    provider: 'memory',
    type: 'memory:thing',
    ...traits,
  };
}

/** All actions go to one handler. */
function handlersFor(behaviour: Required<Behaviour>): StepHandlers {
  const handler: StepHandler = {
    run: (step, context) => behaviour.run(step, context),
    settle: (step, context) => behaviour.settle(step, context),
  };
  return new Proxy({} as StepHandlers, { get: () => handler });
}

export type PlanTraits = Partial<ExecuteOptions['plan']>;

/** Options for a run of these steps on the world. */
export function optionsFor(
  steps: Step[],
  world: Outside,
  more: Partial<Omit<ExecuteOptions, 'plan' | 'journal' | 'handlers'>> & {
    plan?: PlanTraits;
    journal?: MemoryJournal;
    behaviour?: Behaviour;
  } = {},
): ExecuteOptions & { journal: MemoryJournal } {
  const { plan, journal = new MemoryJournal(), behaviour, ...rest } = more;
  return {
    plan: { steps, limits: { overall: 10, providers: {}, types: {} }, onFailure: 'stop', ...plan },
    journal,
    handlers: handlersFor({ ...makersOf(world, () => journal.isDead), ...behaviour }),
    past: journal.durable,
    resolve: (value) => value,
    callContext: (_, signal, log): CallContext => ({
      signal,
      directory: '/',
      stateDirectory: '/',
      environment: 'dev',
      platform: {},
      epoch: 1,
      log,
    }),
    classify: (_, error) => (error instanceof SlipwayError && error.retryable ? 'transient' : 'permanent'),
    token: (id) => `token of ${id}`,
    ...rest,
  };
}

/** An error that may pass. */
export function hiccup(details: Record<string, unknown> = {}): SlipwayError {
  return new SlipwayError('hiccup', 'It did not answer.', { retryable: true, details });
}
