import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { between, seeded } from '../random.ts';
import { type Phase, phasesOf } from './commands/phases.ts';
import { Beginnings, type Measured } from './commands/prepare.ts';
import { runBlind } from './commands/run-blind.ts';
import { runPhase } from './commands/run-phase.ts';
import { Coverage } from './coverage.ts';
import { describeKill, instants, sweep, withOthers } from './kill-plan.ts';
import type { Options } from './options.ts';
import { type Run, scheduleRuns } from './schedule.ts';
import { ShopRuns } from './shop/run-shop.ts';
import { Shop } from './shop/shop.ts';
import type { Kill } from './slipway-process.ts';

const TELL_EVERY = 20;

/** All runs of one call. */
export class Harness {
  readonly #options: Options;
  readonly #folder: string;
  readonly #phases: readonly Phase[];
  readonly #measured = new Map<string, Measured>();
  readonly #beginnings: Beginnings;
  readonly #coverage = new Coverage();
  #doubts = 0;
  #passed = 0;
  #violations = 0;

  constructor(options: Options, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#phases = phasesOf(options.seed);
    this.#beginnings = new Beginnings(folder);
  }

  async run(): Promise<{ passed: number; violations: number }> {
    const { runs, seed, only, of, lanes } = this.#options;
    console.log(`${runs} runs, seed ${seed}, in ${this.#folder}`);
    const wanted = scheduleRuns(runs).filter(
      ({ number, operation }) => (only === undefined || number === only) && (of === undefined || operation === of),
    );
    if (wanted.some(({ operation }) => operation !== 'shop')) await this.#attempt('undisturbed', () => this.#measure());
    if (this.#violations === 0) {
      const shop = wanted.filter(({ operation }) => operation === 'shop');
      const commands = wanted.filter(({ operation }) => operation !== 'shop');
      const next = () => commands.shift();
      const work = Array.from({ length: lanes }, () => this.#lane(next));
      // There is one shop: its runs come one after another, beside the others.
      await Promise.all([...work, this.#shopLane(shop)]);
      for (const line of this.#coverage.lines()) console.log(line);
      console.log(`creations that a person had to look at: ${this.#doubts}`);
    }
    return { passed: this.#passed, violations: this.#violations };
  }

  async #measure(): Promise<void> {
    for (const phase of this.#phases) {
      const measured = await this.#beginnings.measure(phase);
      this.#measured.set(phase.name, measured);
      this.#coverage.expect(phase.name, measured.writes);
      console.log(
        `undisturbed ${phase.name}: ${measured.writes} durable writes, ${Math.round(measured.durationMs)} ms`,
      );
    }
  }

  async #lane(next: () => Run | undefined): Promise<void> {
    for (let run = next(); run; run = next()) await this.#runCommands(run);
  }

  async #runCommands(run: Run): Promise<void> {
    const random = this.#randomOf(run);
    const blind = run.operation === 'blind';
    const phase = this.#phases.find(({ name }) => name === (blind ? 'create' : run.operation)) as Phase;
    const measured = this.#measured.get(phase.name) as Measured;
    const kills = blind ? intents(random, measured) : killsOf(run, random, measured);
    const onward = !blind && phase.repeatable && random() < 0.2 ? 'the same again' : 'resume';
    const directory = join(this.#folder, `run-${run.number}`);
    const passed = await this.#attempt(tell(run, kills, onward), async () => {
      if (blind) {
        const { kills: reached, doubts } = await runBlind(this.#beginnings, phase, directory, kills);
        this.#coverage.add(run.operation, reached);
        this.#doubts += doubts;
      } else {
        const carried = await runPhase(this.#beginnings, phase, directory, kills, onward);
        this.#coverage.add(run.operation, carried.kills);
      }
    });
    if (passed) rmSync(directory, { recursive: true, force: true });
  }

  async #shopLane(runs: readonly Run[]): Promise<void> {
    if (runs.length === 0) return;
    const shop = new ShopRuns(await Shop.copy(join(this.#folder, 'shop'), seeded(this.#options.seed)));
    const opened = await this.#attempt('undisturbed shop', () => shop.open());
    for (const run of opened ? runs : []) {
      const passed = await this.#attempt(tell(run, [], 'resume'), async () => {
        const { kills, agentKills } = await shop.run(run.number, this.#randomOf(run));
        this.#coverage.add('shop', kills);
        for (let n = 0; n < agentKills; n++) this.#coverage.count('agent');
      });
      // What is broken now says nothing about the next run.
      if (!passed) break;
    }
    await this.#attempt('the end of the shop', () => shop.close());
  }

  /** Runs it; a failure is told with all that shows it again. */
  async #attempt(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.#passed++;
      if (this.#passed % TELL_EVERY === 0) console.log(`${this.#passed} passed`);
      return true;
    } catch (error) {
      this.#violations++;
      const { runs, seed } = this.#options;
      const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
      console.log(`VIOLATION in ${what} (--runs ${runs} --seed ${seed}; kept in ${this.#folder})\n${said}`);
      return false;
    }
  }

  #randomOf(run: Run): () => number {
    return seeded(this.#options.seed * 1_000_003 + run.number);
  }
}

/** Two in three runs sweep over the writes; the third is hit anywhere. */
function killsOf({ turn, turns }: Run, random: () => number, { writes, durationMs }: Measured): Kill[] {
  if (turn % 3 === 2) return instants(random, durationMs);
  return withOthers(random, sweep(writes, Math.ceil((turns * 2) / 3), turn - Math.floor(turn / 3)));
}

/** Right after intents became durable, and while their effects happen. */
function intents(random: () => number, { writes, durationMs }: Measured): Kill[] {
  const after: Kill = { kind: 'write', of: 'progress', at: between(random, 3, writes - 3), side: 'after' };
  return [after, { kind: 'instant', afterMs: Math.round(durationMs * (0.3 + random() * 0.6)) }];
}

function tell(run: Run, kills: readonly Kill[], onward: string): string {
  const when = kills.length > 0 ? `, killed ${kills.map(describeKill).join(', ')}` : '';
  return `run ${run.number}, ${run.operation}${when}, then ${onward}: --only ${run.number}`;
}
