import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { command } from '../src/command.ts';
import { reads, refusal } from './asking.ts';

test('takes a number, or JSON, that the command prints last', async () => {
  expect(await reads(command, {}, 'echo 0.25')).toEqual({ value: 0.25 });
  expect(await reads(command, {}, 'echo looking; echo 3e2')).toEqual({ value: 300 });
  const json = `echo '{"value": 1.5, "samples": 40, "series": [1, 2]}'`;
  expect(await reads(command, {}, json)).toEqual({ value: 1.5, samples: 40, series: [1, 2] });
  expect(await reads(command, {}, `echo '{\n"value": 2\n}'`)).toEqual({ value: 2 });
});

test('is told what is asked about, and runs in the project, with no environment but its own', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-metrics-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'figure'), '7\n');
  expect(await reads(command, {}, 'cat figure', { directory })).toEqual({ value: 7 });
  const facts =
    '"$SLIPWAY_SERVICE" = web -a "$SLIPWAY_REVISION" = web-2 -a "$((SLIPWAY_TO - SLIPWAY_FROM))" = 30 -a "$SLIPWAY_SINCE" = "$SLIPWAY_FROM"';
  const options = { run: `test ${facts} -a "$SLIPWAY_QUERY" = 'p95 of it' -a "$KEY" = k && echo 1`, env: { KEY: 'k' } };
  expect(await reads(command, options, 'p95 of it')).toEqual({ value: 1 });
  process.env.METRICS_TEST_SECRET = 'seen';
  onTestFinished(() => {
    delete process.env.METRICS_TEST_SECRET;
  });
  expect(await reads(command, {}, 'echo $METRICS_TEST_SECRET')).toMatchObject({ value: null });
});

test('nothing, null and NaN are no data', async () => {
  expect(await reads(command, {}, 'true')).toEqual({ value: null, note: 'the command printed nothing' });
  expect(await reads(command, {}, 'echo NaN')).toEqual({ value: null, note: 'the command printed NaN' });
  expect(await reads(command, {}, 'echo null')).toEqual({ value: null });
  expect(await reads(command, {}, `echo '{"samples": 0}'`)).toEqual({ value: null, samples: 0 });
});

test('a command that fails is an error of the source, even when it printed a number', async () => {
  const failed = await refusal(reads(command, {}, 'echo 0; echo no route >&2; exit 3'), 'metric-command-failed');
  expect(failed.message).toMatch(/exit code 3\.\n(.*\n)*no route/);
  await refusal(reads(command, {}, 'echo about 5'), 'metric-answer-invalid');
  await refusal(reads(command, {}, 'echo true'), 'metric-answer-invalid');
});

test('a command that hangs is ended in its time', async () => {
  await expect(reads(command, { timeout: '100ms' }, 'sleep 60')).rejects.toThrow(/timeout/);
});
