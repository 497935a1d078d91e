import { quote } from './problem.ts';

/** Nobody mistypes a longer name into another: beyond this, comparing costs more than it tells. */
const LONGEST = 100;

/** The candidate that a typo most likely meant, or undefined when none is near: up to a third of the letters may be wrong. */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const wanted = typed.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(Math.min(typed.length, LONGEST) / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate.length > LONGEST || Math.abs(candidate.length - typed.length) >= bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "health"?`, or undefined when nothing is near and nothing begins like it (`prod`, `production`). */
export function didYouMean(typed: string, candidates: Iterable<string>): string | undefined {
  const offered = [...candidates];
  const found = nearest(typed, offered) ?? offered.find((candidate) => beginAlike(typed, candidate));
  return found === undefined ? undefined : `did you mean ${quote(found)}?`;
}

function beginAlike(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 3 && long.toLowerCase().startsWith(short.toLowerCase());
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other
 * (Damerau-Levenshtein, optimal string alignment).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforeLast[column - 2]! + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
