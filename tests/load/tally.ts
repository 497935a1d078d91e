import type { PhaseReport } from './soak.ts';

/** At most so many problems of a phase are told. */
const MOST = 10;

/** Tells people of each phase as it ends, and of all of them at the end. */
export class Tally {
  #passed = 0;
  #failed = 0;
  readonly #byStand = new Map<string, { requests: number; failed: number }>();

  /** Phases that were not as they must be, and stands that broke. */
  get failed(): number {
    return this.#failed;
  }

  add(stand: string, report: PhaseReport): void {
    if (report.problems.length === 0) this.#passed++;
    else this.#failed++;
    const { requests, failed } = this.#byStand.get(stand) ?? { requests: 0, failed: 0 };
    this.#byStand.set(stand, { requests: requests + report.requests, failed: failed + failedIn(report) });
    console.log(`${stand}, ${tell(report)}`);
    for (const problem of report.problems.slice(0, MOST)) console.log(`  ${problem}`);
  }

  addBroken(stand: string, error: unknown): void {
    this.#failed++;
    console.log(`${stand}: ${error instanceof Error ? error.message : String(error)}`);
  }

  tellAll(): void {
    const all = { requests: 0, failed: 0 };
    for (const [stand, { requests, failed }] of this.#byStand) {
      all.requests += requests;
      all.failed += failed;
      console.log(`${stand}, in all: ${requests} requests; ${failed} failed`);
    }
    console.log(`all: ${all.requests} requests; ${all.failed} failed`);
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
  }
}

function tell(report: PhaseReport): string {
  const { phase, requests, failed, splits, durationMs } = report;
  const kinds = Object.entries(failed).filter(([, count]) => count > 0);
  const which = kinds.length === 0 ? '' : ` (${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')})`;
  const parts = [
    `${requests} requests`,
    `${failedIn(report)} failed${which}`,
    ...splits.map(({ declared, measured, requests: of }) => `${declared} % declared, ${measured} % measured of ${of}`),
    ...(durationMs > 0 ? [`${Math.round(durationMs / 1_000)} s`] : []),
  ];
  return `${phase}: ${parts.join('; ')}`;
}

const failedIn = ({ failed }: PhaseReport) => Object.values(failed).reduce((sum, count) => sum + count, 0);
