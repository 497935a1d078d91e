import { waitUntil } from '@slipway/provider-testkit';
import { describe, expect, it } from 'vitest';
import type { Analysis, Metric } from '../../src/config/project.ts';
import { refusal } from '../support/refusal.ts';
import { analysis, metric } from '../verify/analyses.ts';
import { Analysing, measured } from './analysing.ts';

const made = (more: Partial<Metric> = {}) => metric({ source: 'made', query: 'q', ...more });
const quick = (more: Partial<Analysis> = {}) => analysis({ intervalMs: 20, metrics: [made()], ...more });
const until = (what: string, isTrue: () => boolean) => waitUntil(what, async () => isTrue());

describe('after a kill', () => {
  it('goes on with what was measured, and time has passed', async () => {
    const step = new Analysing(quick({ metrics: [made({ consecutiveFailures: 3 })] }));
    let asked = 0;
    step.answer = () => (++asked === 3 ? new Promise(() => {}) : { value: 1 });
    const killed = step.analyse(60_000);
    await until('it is asked', () => asked === 3);
    step.stop();
    await expect(killed).rejects.toThrow('stopped');
    expect(step.marks).toBe('--');
    // The third in a row comes in the second run.
    await refusal(step.analyse(60_000), 'analysis-failed');
    expect(step.marks).toBe('---');
  });

  it('measures once more when its time is over, instead of judging what it did not see', async () => {
    const step = new Analysing(quick());
    step.notes.push({ began: { at: new Date(Date.now() - 3_600_000).toISOString() } });
    expect(await step.analyse(100)).toMatchObject({ verdict: 'pass' });
    expect(step.marks).toMatch(/^\+\+?$/);
  });

  it('looks back to the last measurement, and says what nobody looked at in time', async () => {
    const step = new Analysing(quick({ metrics: [made({ windowMs: 1_000 })] }));
    const killed = step.analyse(60_000);
    await until('it has measured', () => step.marks.length > 0);
    step.stop();
    await expect(killed).rejects.toThrow('stopped');
    // A kill that was long ago.
    const longAgo = (at: string) => new Date(Date.parse(at) - 300_000).toISOString();
    for (const note of step.notes) {
      if ('began' in note) note.began.at = longAgo(note.began.at);
      if ('counted' in note) note.counted.since = longAgo(note.counted.since);
      if ('measured' in note) note.measured.at = longAgo(note.measured.at);
    }
    const last = measured(step).at(-1)!.at;
    const before = step.marks.length;
    const windows: { from: number; to: number }[] = [];
    step.answer = ({ from, to }) => {
      windows.push({ from, to });
      return { value: 0 };
    };
    await step.analyse(60);
    expect(windows[0]!.from).toBeLessThanOrEqual(Date.parse(last) + 1);
    expect(measured(step)[before]!.gap).toEqual({ since: last, covered: true });
  });

  it('measures all of an extension that it was killed in', async () => {
    const step = new Analysing(quick({ intervalMs: 100, onInconclusive: { kind: 'extend', times: 1, else: 'fail' } }));
    const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
    step.notes.push({ began: { at: ago(600_000) } }, { extended: { at: ago(0), times: 1, why: 'no data' } });
    step.answer = () => ({ value: step.marks.length < 1 ? null : 0 });
    // Without data at first, and with them well before the extension is over.
    expect(await step.analyse(3_000).catch((error: Error) => error.message)).toMatchObject({ verdict: 'pass' });
  });

  it('upholds a failure that was noted and never became the outcome; mended and run again it begins anew', async () => {
    const step = new Analysing(quick());
    step.answer = () => ({ value: 1 });
    await refusal(step.analyse(60_000), 'analysis-failed');
    step.answer = () => ({ value: 0 });
    expect(await step.settle()).toMatchObject({ as: 'not-done' });
    await refusal(step.analyse(60), 'analysis-failed');
    expect(await step.analyse(60)).toMatchObject({ verdict: 'pass' });
  });

  it('is done when its verdict was noted', async () => {
    const step = new Analysing(quick());
    const verdict = await step.analyse(60);
    expect(await step.settle()).toMatchObject({ as: 'done', outcome: { changes: [], detail: verdict } });
    const { length } = step.notes;
    expect(await step.analyse(60_000)).toEqual(verdict);
    expect(step.notes).toHaveLength(length);
  });
});
