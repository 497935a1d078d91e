/** What data say. `inconclusive`: they don't tell; never taken for a pass. */
export type Verdict = 'pass' | 'fail' | 'inconclusive';

/** A verdict and the sentence that gives its reason, with the numbers. */
export interface Judged<V extends string = Verdict> {
  verdict: V;
  why: string;
}
