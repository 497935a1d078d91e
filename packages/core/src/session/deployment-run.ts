import { randomBytes } from 'node:crypto';
import type { ErrorRecord } from '../errors.ts';
import type { DoubtDecisions, ExecutionResult } from '../execute/execution.ts';
import { execute } from '../execute/executor.ts';
import { letsTimePass } from '../execute/kinds-of-waiting.ts';
import { resolveReferences } from '../execute/resolve.ts';
import type { WaitingStep } from '../execute/waiting-list.ts';
import { stepHandlers } from '../handlers/handlers.ts';
import type { DeploymentStatus, JournalEvent } from '../journal/event.ts';
import type { Journal, JournalEntry } from '../journal/journal.ts';
import type { HeldLock } from '../journal/lock-keeper.ts';
import type { ControlRequest, DeploymentHeader } from '../journal/store.ts';
import { createJournal } from '../journal/writer.ts';
import { sha256 } from '../json.ts';
import type { Plan } from '../plan/plan.ts';
import { DeploymentLog } from '../report/deployment-log.ts';
import { DeploymentProgress } from '../report/project-report.ts';
import type { RunOptions, SlipwayEvent } from '../slipway-api.ts';
import type { State } from '../state/record.ts';
import { adaptersOf, runtimeOptions } from './call-context.ts';
import { Controls } from './controls.ts';
import { goesBackByItself } from './goes-back-by-itself.ts';
import { namesIn } from './names-in.ts';
import type { Workspace } from './workspace.ts';

export interface RunParts {
  workspace: Workspace;
  lock: HeldLock;
  plan: Plan;
  options: Pick<RunOptions, 'signal' | 'kill' | 'command' | 'waitForPerson'>;
  emit: (event: SlipwayEvent) => void;
}

/** What ended a run. */
export interface RunResult extends ExecutionResult {
  /** A person asked to stop and take everything back. */
  aborted: boolean;
}

/** One deployment while this process runs it: its journal, its signals, its log file. */
export class DeploymentRun {
  readonly id: string;
  readonly plan: Plan;
  /** As this process saw it: of a deployment that was taken up, only since then. */
  readonly progress: DeploymentProgress;
  readonly #parts: RunParts;
  readonly #journal: Journal;
  readonly #log: DeploymentLog;
  #controls: Controls | undefined;
  #waiting: readonly WaitingStep[] = [];
  /** Why it waits for a person, as journalled last; undefined: it goes on. */
  #shownWaiting: string | undefined;
  #startedAt = performance.now();

  private constructor(parts: RunParts, id: string, journal: Journal) {
    this.#parts = parts;
    this.id = id;
    this.plan = parts.plan;
    this.#journal = journal;
    this.#log = new DeploymentLog(parts.workspace.stateDirectory, id);
    this.progress = new DeploymentProgress(parts.plan);
    journal.subscribe((event) => {
      this.progress.add(event);
      this.#log.event(event);
      parts.emit({ kind: 'journal', event });
    });
  }

  /** Begins a new deployment: the plan is kept, and the state before it becomes its snapshot. */
  static async begin(parts: RunParts, rollbackOf?: string): Promise<DeploymentRun> {
    const { store } = parts.workspace;
    const { plan, lock } = parts;
    await store.savePlan(plan);
    const run = await DeploymentRun.#open(parts, newDeploymentId());
    const data = {
      kind: plan.kind,
      plan: plan.digest,
      ship: plan.ship,
      snapshot: plan.base.seq,
      by: `${lock.holder.user}@${lock.holder.host}`,
      command: parts.options.command ?? plan.kind,
      ...(rollbackOf === undefined ? {} : { rollbackOf }),
    };
    await Promise.all([
      run.#journal.append({ type: 'deployment.started', step: null, data }),
      run.#journal.append({ type: 'deployment.status', step: null, data: { status: 'in_progress' } }),
    ]);
    parts.emit({ kind: 'started', deployment: run.id, plan });
    return run;
  }

  /** Takes up a deployment that was killed, cancelled or failed, under its old id; one that goes back stays so. */
  static async takeUp(parts: RunParts, header: Pick<DeploymentHeader, 'id' | 'status'>): Promise<DeploymentRun> {
    const run = await DeploymentRun.#open(parts, header.id);
    const data = { by: `${parts.lock.holder.user}@${parts.lock.holder.host}`, epoch: parts.lock.epoch };
    const entries = [run.#journal.append({ type: 'deployment.resumed', step: null, data })];
    if (header.status === 'rolling_back') entries.push(run.status('rolling_back'));
    await Promise.all(entries);
    parts.emit({ kind: 'started', deployment: header.id, plan: parts.plan });
    return run;
  }

  /** Opens a deployment only to end it: its rollback was finished. */
  static async attach(parts: RunParts, header: Pick<DeploymentHeader, 'id' | 'startedAt'>): Promise<DeploymentRun> {
    const run = await DeploymentRun.#open(parts, header.id);
    run.#startedAt -= Math.max(0, Date.now() - Date.parse(header.startedAt));
    return run;
  }

  /** The recorded world with all that this run did to it. */
  get state(): State {
    return this.#journal.state;
  }

  /** The number of the last word of a person to this deployment that was heard; 0: none was. */
  get heard(): number {
    return this.#controls?.heard ?? 0;
  }

  static async #open(parts: RunParts, id: string): Promise<DeploymentRun> {
    const { workspace, lock, plan } = parts;
    const { environment } = plan;
    const state = await workspace.store.state(environment);
    const { store, redactor } = workspace;
    const journal = createJournal({ store, environment, epoch: lock.epoch, deployment: id, state, redactor });
    return new DeploymentRun(parts, id, journal);
  }

  /** Runs the plan, or what is left of it. */
  async execute(
    how: {
      past?: Iterable<JournalEvent>;
      settle?: DoubtDecisions;
      settleOnly?: boolean;
      takesBack?: { deployment: string; heard: number };
    } = {},
  ): Promise<RunResult> {
    const { workspace, lock, options, plan } = this.#parts;
    const secrets = await workspace.secrets(plan.runtime);
    const { registry, store, artifacts } = workspace;
    await registry.load([...plan.steps.map((step) => step.type), ...adaptersOf(plan.runtime)]);
    await registry.load(namesIn(this.#journal.state));
    const adapters = await runtimeOptions(workspace, plan.runtime);
    const controls = await Controls.listen({
      store,
      deployment: this.id,
      ...(how.takesBack ? { takesBack: how.takesBack } : {}),
      since: lock.holder.since,
      past: how.past ?? [],
      onlySettles: how.settleOnly ?? false,
      attentive: plan.steps.some((step) => letsTimePass(step) || step.action === 'switch'),
      goesBack: plan.kind === 'rollback',
      onAsked: (request) => this.#noteAsked(request),
      onPause: () => this.#showWaiting(),
    });
    this.#controls = controls;
    const kill = anySignal(options.kill, lock.lost);
    if (controls.paused()) this.#showWaiting();
    const resolve = {
      record: this.#journal.record.bind(this.#journal),
      secret: (name: string) => workspace.clearSecret(secrets, name),
    };
    try {
      const result = await execute({
        plan,
        journal: this.#journal,
        handlers: stepHandlers({ registry, store, artifacts }),
        ...how,
        resolve: (value, forRecord) => resolveReferences(value, forRecord, resolve),
        callContext: (step, signal, log) => ({
          signal,
          project: plan.project,
          directory: workspace.directory,
          stateDirectory: workspace.stateDirectory,
          environment: plan.environment,
          ...adapters,
          epoch: lock.epoch,
          log,
          trace: (call, durationMs, error) => this.#trace(step.id, call, durationMs, error),
        }),
        classify: (step, error) => registry.classify(step.provider, error),
        token: (stepId) => sha256(`${this.id}\n${stepId}`).slice(0, 32),
        signal: anySignal(options.signal, controls.cancel.signal),
        abort: controls.abort.signal,
        kill,
        control: controls,
        wishes: controls.wishes,
        onWaiting: (waiting) => {
          this.#waiting = waiting;
          this.#showWaiting();
        },
        waitForPerson: options.waitForPerson ?? true,
        lastLook: () => controls.look(),
        onLog: (step, line) => this.#line(step.id, line),
      });
      // What is said while it ends is heard by nobody else.
      if (!kill.aborted) await controls.look();
      const aborted = controls.abort.signal.aborted;
      // Who cancels wants it to stay where it is, whatever it would have done by itself.
      if (controls.cancel.signal.aborted && goesBackByItself(plan, result))
        return { ...result, status: 'cancelled', aborted };
      return { ...result, aborted };
    } finally {
      controls.stop();
    }
  }

  async status(status: DeploymentStatus, reason?: string): Promise<JournalEvent> {
    const data = { status, ...(reason === undefined ? {} : { reason }) };
    return await this.#journal.append({ type: 'deployment.status', step: null, data });
  }

  /** Leaves it open, to be taken up when a person has said something. */
  async leave(): Promise<void> {
    await this.#journal.flush();
    await this.#log.close();
  }

  async end(status: DeploymentStatus, error?: ErrorRecord, rollback?: string): Promise<void> {
    const durationMs = Math.round(performance.now() - this.#startedAt);
    const data = { status, durationMs, ...(error ? { error } : {}), ...(rollback === undefined ? {} : { rollback }) };
    await this.#journal.append({ type: 'deployment.ended', step: null, data });
    await this.#log.close();
  }

  #line(step: string, text: string): void {
    const line = this.#parts.workspace.redactor.text(text);
    this.#log.line(step, line);
    this.#parts.emit({ kind: 'log', step, line });
  }

  #trace(step: string, call: string, durationMs: number, error: unknown): void {
    const message = error instanceof Error ? this.#parts.workspace.redactor.text(error.message) : undefined;
    this.#log.line(step, `${call} ${durationMs} ms${message === undefined ? '' : `, ${message}`}`);
    this.#parts.emit({ kind: 'call', step, call, durationMs, ...(message === undefined ? {} : { error: message }) });
  }

  #noteAsked({ number, what, by, reason }: ControlRequest): void {
    this.#appendSoon({
      type: 'deployment.asked',
      step: null,
      data: { number, what, by, reason: reason ?? null },
    });
  }

  #showWaiting(): void {
    const pauses = this.#controls?.paused() ? ['paused by a person'] : [];
    const reasons = [...pauses, ...this.#waiting.map(({ step, reason }) => `${step}: ${reason}`)];
    const reason = reasons.length > 0 ? reasons.join('; ') : undefined;
    if (reason === this.#shownWaiting) return;
    this.#shownWaiting = reason;
    const data: { status: DeploymentStatus; reason: string } =
      reason === undefined ? { status: 'in_progress', reason: 'continued by a person' } : { status: 'waiting', reason };
    this.#appendSoon({ type: 'deployment.status', step: null, data });
  }

  /** A refused append is sticky: the executor's next one reports it. */
  #appendSoon(entry: JournalEntry): void {
    this.#journal.append(entry).catch(() => {});
  }
}

/** Sortable by time, short enough to type a prefix of: `20261121-231502-7f3c`. */
function newDeploymentId(now = new Date()): string {
  const digits = now.toISOString().replace(/\D/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${randomBytes(3).toString('hex')}`;
}

function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}
