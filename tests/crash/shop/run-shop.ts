import { carryThrough } from '../operation.ts';
import { between, pick } from '../random.ts';
import { readRecorded } from '../recorded.ts';
import { type Kill, runSlipway, tellOf } from '../slipway-process.ts';
import { Violation, violate } from '../violation.ts';
import { killAgent } from './agent.ts';
import { checkShop } from './check.ts';
import { Customers } from './customers.ts';
import { type Edition, ENVIRONMENT, Shop } from './shop.ts';

export type Target = 'runner' | 'agent' | 'both';

export interface ShopRun {
  what: string;
  target: Target;
  kills: Kill[];
  agentKills: number;
}

/** What is done to the shop, and the exit code of a command that brings it to its end. */
const CHANGES = {
  rename: { args: ['deploy', '-y', '--tests', 'e2e'], code: 0 },
  advance: { args: ['deploy', '-y', '--tests', 'e2e'], code: 0 },
  both: { args: ['deploy', '-y', '--tests', 'e2e'], code: 0 },
  break: { args: ['deploy', '-y', '--tests', 'e2e'], code: 3 },
  'go back': { args: ['rollback', '-y'], code: 0 },
} as const;
type Change = keyof typeof CHANGES;

/** The shop, deployed once, then changed and killed again and again. */
export class ShopRuns {
  readonly #shop: Shop;
  readonly #customers: Customers;
  /** The newest deployment was completed and can be taken back to this. */
  #before: Edition | undefined;
  #durationMs: number;

  private constructor(shop: Shop, durationMs: number) {
    this.#shop = shop;
    this.#customers = new Customers(shop);
    this.#durationMs = durationMs;
  }

  static async open(directory: string, random: () => number): Promise<ShopRuns> {
    const shop = await Shop.copy(directory, random);
    const args = [...CHANGES.rename.args, '-e', ENVIRONMENT];
    const ended = await runSlipway({ directory, args });
    if (ended.code !== 0) throw new Violation(`Undisturbed: ${tellOf(args, ended)}`);
    const runs = new ShopRuns(shop, ended.durationMs);
    await checkShop(shop, shop.edition, runs.#customers);
    return runs;
  }

  /** Changes the shop, kills whom it hits, goes on until it is over, and checks it. Throws a `Violation`. */
  async run(number: number, random: () => number): Promise<ShopRun> {
    const { directory } = this.#shop;
    const change = this.#draw(random);
    const target = pick<Target>(random, ['runner', 'agent', 'both']);
    const before = this.#shop.edition;
    await this.#customers.order();
    this.#change(change, number);
    const result: ShopRun = { what: change, target, kills: [], agentKills: 0 };
    const timers: NodeJS.Timeout[] = [];
    const carried = await carryThrough({
      directory,
      environment: ENVIRONMENT,
      args: CHANGES[change].args,
      kills: target === 'agent' ? [] : this.#kills(random),
      onward: 'resume',
      // An agent that is killed may cost a deployment its success, never its way back.
      codes: target === 'runner' ? [CHANGES[change].code, 0] : [0, 3],
      started: (_, command) => {
        if (target === 'runner' || command > 1) return;
        const kill = () => {
          if (killAgent(directory)) result.agentKills++;
        };
        timers.push(setTimeout(kill, random() * this.#durationMs));
      },
    });
    for (const timer of timers) clearTimeout(timer);
    result.kills = carried.kills;
    await this.#settle(change, before, target);
    await checkShop(this.#shop, this.#shop.edition, this.#customers);
    return result;
  }

  async close(): Promise<void> {
    const args = ['agent', 'stop'];
    const ended = await runSlipway({ directory: this.#shop.directory, args });
    if (ended.code !== 0) throw new Violation(tellOf(args, ended));
  }

  #draw(random: () => number): Change {
    const changes: Change[] = ['rename', 'advance', 'advance', 'both', 'break', 'break'];
    return pick(random, this.#before ? [...changes, 'go back'] : changes);
  }

  #change(change: Change, number: number): void {
    if (change === 'rename' || change === 'both') this.#shop.rename(number);
    if (change === 'advance' || change === 'both') this.#shop.advance(number);
    if (change === 'break') this.#shop.breakBackend(number);
  }

  #kills(random: () => number): Kill[] {
    return Array.from({ length: between(random, 1, 2) }, (): Kill => {
      if (random() < 0.5) return { kind: 'instant', afterMs: Math.round(random() * this.#durationMs) };
      return { kind: 'commit', at: between(random, 1, 40), side: pick(random, ['before', 'after']) };
    });
  }

  /** Which edition must be there now: what the journal says of the deployment decides. */
  async #settle(change: Change, before: Edition, target: Target): Promise<void> {
    const { deployments } = await readRecorded(this.#shop.directory, ENVIRONMENT);
    const [newest] = deployments;
    const of = deployments.find(({ id }) => id === newest?.rollbackOf) ?? newest;
    if (change === 'go back') {
      violate(newest?.status !== 'completed', `The rollback ${newest?.id} ended as ${newest?.status}.`);
      this.#shop.reset(this.#before as Edition);
      this.#before = undefined;
      return;
    }
    const wanted =
      change === 'break' ? ['rolled_back'] : target === 'runner' ? ['completed'] : ['completed', 'rolled_back'];
    violate(!of || !wanted.includes(of.status), `${of?.id} ended as ${of?.status}, not as ${wanted.join(' or ')}.`);
    if (of?.status === 'completed') {
      this.#before = before;
    } else {
      this.#shop.reset(before);
      this.#before = undefined;
    }
  }
}
