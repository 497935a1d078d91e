import type { Engine } from '../engine/connect.ts';
import { LABEL } from '../engine/labels.ts';
import type { Instance } from '../instance/instance.ts';
import { secretMask } from '../instance/secret-marks.ts';
import { demultiplex } from './demultiplex.ts';

const HINT_LINES = 3;
/** Kept of what a health command prints. */
const KEPT = 16 * 1024;

/** An engine can't end what it began in a container; where the image has `timeout` (nearly all), that does. */
const BOUNDED =
  'if command -v timeout >/dev/null 2>&1; then exec timeout -s KILL "$SLIPWAY_SECONDS" /bin/sh -c "$SLIPWAY_COMMAND"; ' +
  'else exec /bin/sh -c "$SLIPWAY_COMMAND"; fi';

/**
 * Runs a health command in an instance's container, with the service's variables and `SLIPWAY_URL`. Undefined: its exit
 * code was 0. Rejects when the signal is aborted.
 */
export async function runInContainer(
  { docker }: Engine,
  { id, labels }: Instance,
  {
    command,
    url,
    timeoutMs,
    signal,
  }: { command: string; url: string | undefined; timeoutMs: number; signal: AbortSignal },
): Promise<string | undefined> {
  const exec = await docker.getContainer(id).exec({
    Cmd: ['/bin/sh', '-c', BOUNDED],
    Env: [
      `SLIPWAY_URL=${url ?? `http://127.0.0.1:${labels[LABEL.port]}`}`,
      `SLIPWAY_COMMAND=${command}`,
      `SLIPWAY_SECONDS=${Math.max(1, Math.ceil(timeoutMs / 1000))}`,
    ],
    AttachStdout: true,
    AttachStderr: true,
    abortSignal: signal,
  });
  const stream = await exec.start({ hijack: false, stdin: false, abortSignal: signal });
  let printed = '';
  for await (const { bytes } of demultiplex(stream)) printed = (printed + bytes.toString('utf8')).slice(-KEPT);
  signal.throwIfAborted();
  const { ExitCode } = await exec.inspect({ abortSignal: signal });
  if (ExitCode === 0) return undefined;
  const { Config } = await docker.getContainer(id).inspect();
  const mask = secretMask(Config.Env ?? [], labels[LABEL.secrets]);
  const said = printed
    .trimEnd()
    .split('\n')
    .slice(-HINT_LINES)
    .filter((line) => line !== '');
  return [`the health command exited with code ${ExitCode}`, ...said.map(mask)].join('\n');
}
