import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from '@slipway/provider-testkit';
import { isOver, readDeployments } from '../crash/recorded.ts';
import { type Ended, type Kill, runSlipway, tellOf } from '../crash/slipway-process.ts';
import { Violation } from '../crash/violation.ts';
import { between, pick } from '../random.ts';
import { checkService } from './check-service.ts';
import type { Ground, Victim } from './ground.ts';
import { ENVIRONMENT, type Service } from './service.ts';

/** Commands that may be needed after the one that was disturbed. */
const MOST_ONWARD = 4;

/** One run: what is brought out, what is taken away when, and how a person goes on. */
interface Course {
  bad: boolean;
  /** When the runner is killed, in ms after its start. */
  runnerAfterMs: number | undefined;
  hits: { victim: Victim; afterMs: number; backAfterMs: number }[];
  onward: 'resume' | 'abort';
}

/** The service, brought out once, then again and again while something is taken away each time. */
export class ServiceRuns {
  readonly #service: Service;
  readonly #ground: Ground;
  #version = 'v0';
  #durationMs = 0;

  constructor(service: Service, ground: Ground) {
    this.#service = service;
    this.#ground = ground;
  }

  /** Brings it out, and once more as a canary, both undisturbed. Throws a `Violation`. */
  async open(): Promise<void> {
    for (const version of ['v0', 'v0-again']) {
      const load = version === 'v0' ? undefined : startLoad(this.#service.url);
      this.#service.declare(version, false);
      const ended = await this.#slipway(['deploy', '-y', '--ship', version]);
      await load?.stop();
      if (ended.code !== 0) throw new Violation(`Undisturbed: ${tellOf(['deploy'], ended)}`);
      this.#version = version;
      this.#durationMs = ended.durationMs;
      await checkService(this.#service, this.#ground, version);
    }
  }

  /** Throws a `Violation` that says what was done. Returns what was hit. */
  async run(number: number, random: () => number): Promise<string[]> {
    const course = this.#draw(random);
    const version = `v${number}`;
    this.#service.declare(version, course.bad);
    const load = startLoad(this.#service.url);
    try {
      await this.#carry(version, course);
    } catch (error) {
      const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Violation(`${version}, ${tell(course)}\n${said}`);
    } finally {
      await load.stop();
    }
    return [
      ...(course.runnerAfterMs === undefined ? [] : ['the runner']),
      ...course.hits.map(({ victim }) => victim.name),
    ];
  }

  /** Takes it down. Throws a `Violation` when something is left. */
  async close(): Promise<void> {
    const ended = await this.#slipway(['destroy', '-y']);
    if (ended.code !== 0) throw new Violation(tellOf(['destroy'], ended));
    const left = this.#ground.instances(this.#service.name, this.#service.directory);
    if (left.length > 0) throw new Violation(`After destroy these are there: ${left.join(', ')}`);
    await runSlipway({ directory: this.#service.directory, args: ['agent', 'stop', '-y'] });
  }

  async #carry(version: string, course: Course): Promise<void> {
    const before = await readDeployments(this.#service.directory, ENVIRONMENT);
    const hits = Promise.all(course.hits.map((hit) => this.#strike(hit)));
    const kill: Kill | undefined =
      course.runnerAfterMs === undefined ? undefined : { kind: 'instant', afterMs: course.runnerAfterMs };
    const first = ['deploy', '-y', '--ship', version];
    let ended = await this.#slipway(first, kill);
    await hits;
    for (let commands = 0; ; commands++) {
      const deployments = await readDeployments(this.#service.directory, ENVIRONMENT);
      const begun = deployments.length > before.length;
      if (begun && isOver(deployments)) break;
      if (commands === MOST_ONWARD) throw new Violation(`It does not come to an end: ${tellOf(first, ended)}`);
      ended = await this.#slipway(begun ? this.#onward(course, commands) : first);
    }
    this.#version = await this.#expected(version, course);
    await checkService(this.#service, this.#ground, this.#version);
  }

  #onward({ onward }: Course, commands: number): string[] {
    return onward === 'abort' && commands === 0 ? ['abort'] : ['resume', '-y'];
  }

  /** A bad version is never what is left; a good one is, unless it was taken back. */
  async #expected(version: string, { bad }: Course): Promise<string> {
    const deployments = await readDeployments(this.#service.directory, ENVIRONMENT);
    const [newest] = deployments;
    const of = deployments.find(({ id }) => id === newest?.rollbackOf) ?? newest;
    const completed = of?.status === 'completed' && newest?.kind !== 'rollback';
    if (bad && completed) throw new Violation(`${version} fails a third of its requests, and was brought out.`);
    return completed ? version : this.#version;
  }

  async #strike({ victim, afterMs, backAfterMs }: Course['hits'][number]): Promise<void> {
    await sleep(afterMs);
    await victim.hit(this.#service.directory);
    await sleep(backAfterMs);
    await victim.mend();
  }

  #draw(random: () => number): Course {
    const after = () => Math.round(random() * this.#durationMs);
    const target = pick(random, ['runner', 'runner', 'other', 'other', 'both']);
    const victim = pick(random, this.#ground.victims);
    return {
      bad: random() < 0.35,
      runnerAfterMs: target === 'other' ? undefined : after(),
      hits: target === 'runner' ? [] : [{ victim, afterMs: after(), backAfterMs: between(random, 100, 3_000) }],
      onward: random() < 0.3 ? 'abort' : 'resume',
    };
  }

  async #slipway(args: readonly string[], kill?: Kill): Promise<Ended> {
    return await runSlipway({ directory: this.#service.directory, args: [...args, '-e', ENVIRONMENT], kill });
  }
}

function tell({ bad, runnerAfterMs, hits, onward }: Course): string {
  const runner = runnerAfterMs === undefined ? [] : [`the runner killed after ${runnerAfterMs} ms`];
  const others = hits.map(
    ({ victim, afterMs, backAfterMs }) => `${victim.name} taken away after ${afterMs} ms for ${backAfterMs} ms`,
  );
  return `a ${bad ? 'bad' : 'good'} canary, ${[...runner, ...others].join(', ')}, then ${onward}`;
}
