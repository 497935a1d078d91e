import type { Fault } from './bad-release.ts';
import type { CanarySite, Outcome } from './canary-site.ts';
import { SteadyTraffic } from './steady-traffic.ts';

/** Enough for a canary with a fifth of it to be judged within a second. */
const REQUESTS_A_SECOND = 200;
const LOOK_AFTER_MS = 500;

export interface WentBad {
  outcome: Outcome;
  /** Metrics whose measurement failed. */
  metrics: string[];
  /** How many requests the bad release answered. */
  reached: number;
  /** Which releases answered after the deployment had ended. */
  releaseAfter: string[];
  /**
   * From the sample that failed the analysis to when a user last sent a request that the bad release answered, in ms;
   * below 0: before it.
   */
  wayBackMs: number;
}

/** Brings out a release with this fault to users that ask all the time, and says what they and the journal saw. */
export async function goBadOn(site: CanarySite, fault: Fault): Promise<WentBad> {
  const traffic = new SteadyTraffic(site.url, REQUESTS_A_SECOND);
  try {
    site.release(fault);
    const outcome = await site.slipway('deploy', '--yes');
    const endedAt = Date.now();
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_AFTER_MS);
    });
    const events = await site.events();
    const failed = events.filter(({ data }) => data.note?.measured?.verdict === 'fail');
    const verdict = events.find(({ data }) => data.note?.verdict?.verdict === 'fail');
    const last = traffic.last(fault);
    return {
      outcome,
      metrics: [...new Set(failed.map(({ data }) => data.note!.measured!.metric))],
      reached: traffic.answers.filter((one) => one.release === fault).length,
      releaseAfter: [...new Set(traffic.answers.filter((one) => one.sentAt > endedAt).map((one) => one.release))],
      wayBackMs: last && verdict ? last.sentAt - Date.parse(verdict.at) : Number.NaN,
    };
  } finally {
    await traffic.stop();
    site.release('none');
  }
}
