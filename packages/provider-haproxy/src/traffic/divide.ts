import { share } from './share.ts';

/** What speaks for a server's having failed a request, and isn't spent on one that failed. */
export interface Evidence {
  /** Attempts that ended without an answer and weren't repeated. */
  unanswered: number;
  /** Failures as HAProxy counts them: some are of attempts that were repeated, and some count twice. */
  broke: number;
  /** Users who left, with or without an answer. */
  left: number;
  /** All attempts. */
  tried: number;
}

/** What HAProxy did itself with requests to a backend, whatever the server. */
export interface Own {
  /** Answered with 5xx. */
  failed: number;
  /** Ended without a word: the user's connection had been used before, and RFC 9112, section 9.5, lets it be closed. */
  cutOff: number;
  /** Ended because the user left, having waited long. */
  gaveUp: number;
  /** Ended because the user left, early. */
  left: number;
}

/** What of it was one server's. */
export type Share = Own;

/** Divides what HAProxy did itself among the servers by what speaks for each, which is spent then. */
export function divide(own: Own, evidence: readonly Evidence[]): Share[] {
  const unanswered = (each: Evidence) => each.unanswered;
  const failed = spend(own.failed, evidence, 'broke', [
    (each) => Math.min(each.unanswered, each.broke),
    unanswered,
    (each) => each.broke,
  ]);
  const cutOff = spend(own.cutOff, evidence, 'broke', [unanswered, (each) => each.broke, (each) => each.tried]);
  const leaving = [(each: Evidence) => Math.min(each.unanswered, each.left)];
  const ended = spend(own.gaveUp + own.left, evidence, 'left', leaving);
  const gaveUp = share(own.gaveUp, ended);
  return evidence.map((_, at) => ({
    failed: failed[at] ?? 0,
    cutOff: cutOff[at] ?? 0,
    gaveUp: gaveUp[at] ?? 0,
    left: (ended[at] ?? 0) - (gaveUp[at] ?? 0),
  }));
}

/** By the strongest evidence first; each of what is divided spends an attempt and one of its kind. */
function spend(
  amount: number,
  evidence: readonly Evidence[],
  kind: 'broke' | 'left',
  strengths: readonly ((each: Evidence) => number)[],
): number[] {
  const sums = evidence.map(() => 0);
  let rest = amount;
  for (const strength of strengths) {
    for (const [at, part] of share(rest, evidence.map(strength)).entries()) {
      const each = evidence[at];
      if (!each) continue;
      each.unanswered = Math.max(0, each.unanswered - part);
      each[kind] = Math.max(0, each[kind] - part);
      each.tried = Math.max(0, each.tried - part);
      sums[at] = (sums[at] ?? 0) + part;
      rest -= part;
    }
  }
  return sums;
}
