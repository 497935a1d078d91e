import { MemoryCluster, memoryRollouts, openTestPlace } from '@slipway/provider-testkit';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { Analysis } from '../../src/config/project.ts';
import type { StepContext, StepHandler, StepOutcome, Wish } from '../../src/execute/handler.ts';
import { analysisHandlers } from '../../src/handlers/analyse-handler.ts';
import type { AnalysisNote, AnalysisVerdict } from '../../src/handlers/analyse-notes.ts';
import { OwnRequests } from '../../src/handlers/own-requests.ts';
import type { JsonObject } from '../../src/json.ts';
import type { AnalysisInput, Step } from '../../src/plan/step.ts';
import type { MetricQuery, MetricReading } from '../../src/provider/contract.ts';
import { ProviderRegistry } from '../../src/provider/registry.ts';
import type { Measurement } from '../../src/verify/tally-metric.ts';

type Answer = MetricReading | Promise<MetricReading>;

/** One step that measures, in a world in memory: what it notes outlives its runs, as a journal does. */
export class Analysing {
  readonly cluster = new MemoryCluster();
  readonly ownRequests = new OwnRequests();
  readonly notes: AnalysisNote[] = [];
  readonly log: string[] = [];
  /** Why it waited for a person, each time. */
  readonly waited: string[] = [];
  readonly promoted = new AbortController();
  readonly over = new AbortController();
  /** What the metric source `made` answers. */
  answer: (query: MetricQuery, signal: AbortSignal) => Answer = () => ({ value: 0 });
  readonly #input: AnalysisInput;
  readonly #wishes: Wish[] = [];
  #heard: (() => void)[] = [];
  #stops = new AbortController();

  constructor(analysis: Analysis, more: Partial<AnalysisInput> = {}) {
    this.#input = { revision: 'web-2', stable: 'web-1', baseline: null, ...more, analysis };
  }

  /** Runs `analyse`, which lasts so long. */
  async analyse(durationMs: number): Promise<AnalysisVerdict> {
    return await this.#run({ action: 'analyse', input: { ...this.#input, durationMs } });
  }

  /** Runs `watch`, which lasts until {@link over} is aborted. */
  async watch(): Promise<AnalysisVerdict> {
    return await this.#run({ action: 'watch', input: this.#input });
  }

  /** Ends what runs as a kill, cancel or timeout does. */
  stop(): void {
    this.#stops.abort(new Error('stopped'));
    this.#stops = new AbortController();
  }

  /** Asks what became of it, as is done after a kill. */
  async settle(): ReturnType<StepHandler['settle']> {
    const step = this.#step({ action: 'watch', input: this.#input }) as Extract<Step, { action: 'watch' }>;
    return await analysisHandlers(this.#registry(), this.ownRequests).watch.settle(step, await this.#context());
  }

  wish(what: Wish['what'], by = 'ann'): void {
    const wish = { number: this.#wishes.length + 1, what, by, at: new Date().toISOString(), reason: null };
    this.#wishes.push(wish);
    if (what === 'promote') this.promoted.abort();
    for (const hear of this.#heard.splice(0)) hear();
  }

  /** What was measured, in short: `+`, `-`, `?` for what tells nothing, `!` for errors of the source, `c` for kept. */
  get marks(): string {
    const marks = { pass: '+', fail: '-', inconclusive: '?', collected: 'c' };
    return this.notes
      .flatMap((note) => ('measured' in note ? [note.measured] : []))
      .map(({ verdict, error }) => (error ? '!' : marks[verdict]))
      .join('');
  }

  async #run(work: Pick<Step, 'action' | 'input'>): Promise<AnalysisVerdict> {
    const handlers = analysisHandlers(this.#registry(), this.ownRequests);
    const handler = handlers[work.action as 'analyse'] as unknown as StepHandler;
    const outcome: StepOutcome = await handler.run(this.#step(work), await this.#context());
    return outcome.detail as unknown as AnalysisVerdict;
  }

  #step(work: Pick<Step, 'action' | 'input'>): Step {
    const step = { ...work, id: 'service:web/analyse', subject: 'service:web', needs: [], wave: 1, type: 'memory' };
    return { ...step, estimateMs: 1, timeoutMs: 60_000, retries: 0, provider: 'memory' } as unknown as Step;
  }

  #registry(): ProviderRegistry {
    const rollouts = memoryRollouts(this.cluster);
    const read = (call: { signal: AbortSignal }, _: JsonObject, query: MetricQuery) => this.answer(query, call.signal);
    const made = {
      name: 'made',
      schema: z.strictObject({}),
      read: async (...asked: Parameters<typeof read>) => read(...asked),
    };
    const registry = new ProviderRegistry({
      memory: async () => rollouts,
      made: async () => ({ name: 'made', resourceTypes: [], platforms: [], metricSources: [made] }),
    });
    this.#loaded = registry.load(['memory']);
    return registry;
  }

  #loaded: Promise<void> = Promise.resolve();

  async #context(): Promise<StepContext> {
    await this.#loaded;
    const place = await openTestPlace({ use: 'memory' });
    onTestFinished(() => place.close());
    const { signal } = this.#stops;
    return {
      deployment: 'd1',
      environment: 'test',
      token: 't',
      attempt: 1,
      signal,
      record: () => undefined,
      resolve: (value) => value,
      resolveForRecord: (value) => value,
      note: async (fact) => {
        // What is journalled is JSON; what can't be would come back changed.
        this.notes.push(JSON.parse(JSON.stringify(fact)) as AnalysisNote);
      },
      notes: [...this.notes] as unknown as JsonObject[],
      log: (line) => this.log.push(line),
      wishes: {
        newest: this.#wishes.length,
        promoted: this.promoted.signal,
        next: (after, until) => this.#next(after, until),
      },
      waiting: (reason) => {
        this.waited.push(reason);
        return () => {};
      },
      over: this.over.signal,
      call: { ...place.context, signal },
    };
  }

  async #next(after: number, signal: AbortSignal): Promise<Wish> {
    for (;;) {
      signal.throwIfAborted();
      const wish = this.#wishes.find(({ number }) => number > after);
      if (wish) return wish;
      await new Promise<void>((resolve) => {
        this.#heard.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

/** What it measured. */
export function measured({ notes }: Analysing): Measurement[] {
  return notes.flatMap((note) => ('measured' in note ? [note.measured] : []));
}
