import { between, pick } from '../../random.ts';
import { describeKill } from '../kill-plan.ts';
import { carryThrough } from '../operation.ts';
import { straysOf } from '../processes.ts';
import { readDeployments } from '../recorded.ts';
import { type Kill, runSlipway, tellOf } from '../slipway-process.ts';
import { Violation, violate } from '../violation.ts';
import { killAgent } from './agent.ts';
import { checkShop } from './check.ts';
import { Customers } from './customers.ts';
import { drawRollouts } from './rollouts.ts';
import { type Edition, ENVIRONMENT, type Shop } from './shop.ts';

export type Target = 'runner' | 'agent' | 'both';

export interface ShopRun {
  /** Of the runner. */
  kills: Kill[];
  agentKills: number;
}

/** About as many durable writes a deployment of the shop makes. */
const MOST_WRITES = 120;

/** What is done to the shop, and the exit code of a command that brings it to its end. */
const CHANGES = {
  rename: { args: ['deploy', '-y', '--tests', 'e2e'], code: 0 },
  advance: { args: ['deploy', '-y', '--tests', 'e2e'], code: 0 },
  both: { args: ['deploy', '-y', '--tests', 'e2e'], code: 0 },
  break: { args: ['deploy', '-y', '--tests', 'e2e'], code: 3 },
  'go back': { args: ['rollback', '-y'], code: 0 },
} as const;
type Change = keyof typeof CHANGES;

interface Drawn {
  change: Change;
  rollouts: ReturnType<typeof drawRollouts>;
}

/** The shop, deployed once, then changed and killed again and again. */
export class ShopRuns {
  readonly #shop: Shop;
  readonly #customers: Customers;
  /** The newest deployment was completed and can be taken back to this. */
  #before: Edition | undefined;
  /** Of a deployment of every service. */
  #durationMs = 0;

  constructor(shop: Shop) {
    this.#shop = shop;
    this.#customers = new Customers(shop);
  }

  /** Deploys it, and once more after a change, both undisturbed. Throws a `Violation`. */
  async open(): Promise<void> {
    await this.#deploy();
    this.#change('both', 0);
    this.#durationMs = await this.#deploy();
  }

  /** How long it took, in ms. */
  async #deploy(): Promise<number> {
    const { directory, edition } = this.#shop;
    const args = [...CHANGES.both.args, '-e', ENVIRONMENT];
    const ended = await runSlipway({ directory, args });
    if (ended.code !== 0) throw new Violation(`Undisturbed: ${tellOf(args, ended)}`);
    await checkShop(this.#shop, edition, this.#customers);
    return ended.durationMs;
  }

  /** Changes the shop, kills whom it hits, goes on until it is over, and checks it. Throws a `Violation`. */
  async run(number: number, random: () => number): Promise<ShopRun> {
    const change = this.#draw(random);
    const rollouts = drawRollouts(random);
    const target = pick<Target>(random, ['runner', 'agent', 'both']);
    const kills = this.#kills(random, target);
    try {
      return await this.#carry({ change, rollouts }, target, kills, number);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      const how = JSON.stringify(rollouts);
      throw new Violation(`${change}, kills of ${target}: ${kills.map(describeKill).join(', ')}, ${how}\n${said}`);
    }
  }

  async #carry(drawn: Drawn, target: Target, planned: readonly Kill[], number: number): Promise<ShopRun> {
    const { change, rollouts } = drawn;
    const { directory } = this.#shop;
    const before = this.#shop.edition;
    await this.#customers.order();
    if (change !== 'go back') this.#shop.comesIn(rollouts);
    this.#change(change, number);
    let agentKills = 0;
    const timers: NodeJS.Timeout[] = [];
    const killAgentAt = (kill: Kill | undefined) => {
      if (target === 'runner' || kill?.kind !== 'instant') return;
      const strike = () => {
        if (killAgent(directory)) agentKills++;
      };
      timers.push(setTimeout(strike, kill.afterMs));
    };
    const { kills } = await carryThrough({
      directory,
      environment: ENVIRONMENT,
      args: CHANGES[change].args,
      kills: target === 'agent' ? [] : planned,
      onward: 'resume',
      // An agent that is killed may cost a deployment its success, never its way back.
      codes: target === 'runner' ? [CHANGES[change].code, 0] : [0, 3],
      started: (_, command) => killAgentAt(planned[command]),
    });
    for (const timer of timers) clearTimeout(timer);
    await this.#settle(change, before, target);
    await checkShop(this.#shop, this.#shop.edition, this.#customers);
    return { kills, agentKills };
  }

  /** Stops everything that runs of it. Throws a `Violation` when something is left. */
  async close(): Promise<void> {
    const args = ['agent', 'stop'];
    const ended = await runSlipway({ directory: this.#shop.directory, args });
    if (ended.code !== 0) throw new Violation(tellOf(args, ended));
    const left = await straysOf(this.#shop.directory, 5_000);
    violate(
      left.length > 0,
      `After agent stop these run: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`,
    );
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

  /** Whom an instant is meant for is hit then; both at once where both are meant. */
  #kills(random: () => number, target: Target): Kill[] {
    return Array.from({ length: between(random, 1, 2) }, (): Kill => {
      if (target !== 'runner' || random() < 0.5) {
        return { kind: 'instant', afterMs: Math.round(random() * this.#durationMs) };
      }
      return {
        kind: 'write',
        of: 'progress',
        at: between(random, 1, MOST_WRITES),
        side: pick(random, ['before', 'after']),
      };
    });
  }

  /** Which edition must be there now: what the journal says of the deployment decides. */
  async #settle(change: Change, before: Edition, target: Target): Promise<void> {
    const deployments = await readDeployments(this.#shop.directory, ENVIRONMENT);
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
