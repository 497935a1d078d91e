/** One run: which operation is killed, and which of the runs of that operation it is. */
export interface Run {
  number: number;
  operation: string;
  /** 0, 1, 2, … among the runs of this operation. */
  turn: number;
  /** So many runs of this operation there are. */
  turns: number;
}

/** In every twenty runs so many of each. */
const SHARES: readonly [operation: string, runs: number][] = [
  ['create', 3],
  ['change', 2],
  ['fail', 4],
  ['destroy', 2],
  ['fail-first', 2],
  ['one-by-one', 2],
  ['go-back', 1],
  ['blind', 2],
  ['shop', 2],
];

/** Deals the operations out evenly, always in the same order. */
export function scheduleRuns(runs: number): Run[] {
  const round = SHARES.flatMap(([operation, share]) =>
    Array.from({ length: share }, (_, at) => ({ operation, place: (at + 0.5) / share })),
  ).sort((a, b) => a.place - b.place);
  const dealt = Array.from({ length: runs }, (_, at) => round[at % round.length]!.operation);
  const turns = new Map<string, number>();
  const numbered = dealt.map((operation, at) => {
    const turn = turns.get(operation) ?? 0;
    turns.set(operation, turn + 1);
    return { number: at + 1, operation, turn };
  });
  return numbered.map((run) => ({ ...run, turns: turns.get(run.operation) as number }));
}
