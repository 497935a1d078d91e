import { between, pick } from '../../random.ts';

/** One `local:command` resource of a generated project. */
export interface Thing {
  name: string;
  /** What it holds; a new value is an update, or a replacement where it has no update command. */
  value: number;
  /** Names of what it needs. */
  needs: readonly string[];
  updates: boolean;
  replace: 'create-before-delete' | 'delete-before-create';
  /** How long its commands take before and after their effect, in s: some long enough to outlive a resume's start. */
  takes: readonly [before: number, after: number];
  /** Its creation fails, without an effect. */
  broken?: true;
}

/** Most commands are over at once. */
const DURATIONS: readonly Thing['takes'][] = [
  ...Array<Thing['takes']>(82).fill([0, 0]),
  ...Array<Thing['takes']>(8).fill([0.03, 0]),
  ...Array<Thing['takes']>(8).fill([0, 0.03]),
  [0.6, 0],
  [0, 0.6],
];

/** Draws a project: up to three needs each, of those before it. */
export function drawThings(random: () => number, count: number): Thing[] {
  const things: Thing[] = [];
  for (let at = 0; at < count; at++) {
    const needs = new Set<string>();
    for (let edges = at < count / 20 ? 0 : between(random, 0, 3); edges > 0; edges--) {
      needs.add(pick(random, things).name);
    }
    things.push(drawThing(random, `thing-${at}`, needs));
  }
  return things;
}

function drawThing(random: () => number, name: string, needs: Iterable<string>): Thing {
  return {
    name,
    value: 1,
    needs: [...needs],
    updates: random() < 0.75,
    replace: pick(random, ['create-before-delete', 'delete-before-create']),
    takes: pick(random, DURATIONS),
  };
}

/** The same project later: a quarter has another value, a tenth is gone, a tenth is new. */
export function changeThings(random: () => number, things: readonly Thing[]): Thing[] {
  const gone = new Set(things.filter(() => random() < 0.1).map((thing) => thing.name));
  const kept = things
    .filter((thing) => !gone.has(thing.name))
    .map((thing) => ({
      ...thing,
      value: random() < 0.25 ? 2 : thing.value,
      needs: thing.needs.filter((need) => !gone.has(need)),
    }));
  const added = Array.from({ length: Math.round(things.length / 10) }, (_, at) =>
    drawThing(random, `new-${at}`, new Set([pick(random, kept).name, pick(random, kept).name])),
  );
  return [...kept, ...added];
}

/** The same project with one thing that can't be made, somewhere in the middle of the graph. */
export function breakThings(random: () => number, things: readonly Thing[]): Thing[] {
  const needs = [pick(random, things).name];
  return [...things, { ...drawThing(random, 'broken', needs), broken: true }];
}
